package kafkaio

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// The package's metrics are those of the process: Beam makes and drops the functions that count in them as it likes.
var (
	recordsRead = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "argos_source_records_total", Help: "Records handed to the pipeline.",
	}, []string{"partition"})
	gapRecords = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "argos_source_gap_records_total", Help: "Records that retention had taken before the pipeline read them.",
	}, []string{"partition"})
	fetchErrors = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "argos_source_fetch_errors_total", Help: "Fetches that failed and were tried again.",
	}, []string{"partition"})
	readerRestarts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "argos_source_restarts_total", Help: "Times that the runner made a partition's reader go to another offset.",
	}, []string{"partition"})
	logEnd = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "argos_source_log_end_offset", Help: "Where the partition ended at the last fetch.",
	}, []string{"partition"})
	markOffset = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "argos_mark_offset", Help: "Low-water mark: everything below is stored.",
	}, []string{"partition"})
	markErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_mark_write_errors_total", Help: "Writes of the marks to the store that failed and were tried again.",
	})
	commitErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_group_commit_errors_total", Help: "Commits of the marks to Kafka's group that failed; they are advice only.",
	})
	deadLetters = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_dead_letters_total", Help: "Dead letters that the broker has acknowledged.",
	})
	deadLetterErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_dead_letter_errors_total", Help: "Produces of dead letters that failed and were tried again.",
	})
	deadLettersRefused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_dead_letters_refused_total", Help: "Dead letters that the broker will never take, such as for their size; the log has the record.",
	})
)

// Collectors are the package's metrics, for the process's registry.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		recordsRead, gapRecords, fetchErrors, readerRestarts, logEnd, markOffset, markErrors, commitErrors,
		deadLetters, deadLetterErrors, deadLettersRefused,
	}
}

// forgetPartition drops the gauges of a partition that is another process's from now on, for a lag that stands still
// is an alarm.
func forgetPartition(partition int) {
	logEnd.DeleteLabelValues(label(partition))
	markOffset.DeleteLabelValues(label(partition))
}

func label(partition int) string { return strconv.Itoa(partition) }
