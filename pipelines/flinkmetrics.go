package pipelines

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// FlinkCollector asks the job manager, at each scrape, how a job and its checkpoints fare.
func FlinkCollector(j *FlinkJob) prometheus.Collector { return flinkMetrics{j} }

type flinkMetrics struct{ of *FlinkJob }

func gauge(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

var (
	flinkRunning   = gauge("argos_flink_job_running", "1 while the job runs with all of its stages.")
	flinkCompleted = gauge("argos_flink_checkpoints_completed_total", "Checkpoints that the job has completed.")
	flinkFailed    = gauge("argos_flink_checkpoints_failed_total", "Checkpoints that have failed.")
	flinkRestored  = gauge("argos_flink_restores_total", "Times that the job was started from a checkpoint.")
	flinkAge       = gauge("argos_flink_checkpoint_age_seconds", "Age of the newest checkpoint: what a failure repeats.")
	flinkSize      = gauge("argos_flink_checkpoint_bytes", "State in the newest checkpoint.")
	flinkTook      = gauge("argos_flink_checkpoint_seconds", "How long the newest checkpoint took.")
)

func (flinkMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{flinkRunning, flinkCompleted, flinkFailed, flinkRestored, flinkAge, flinkSize, flinkTook} {
		to <- d
	}
}

func (m flinkMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64) {
		to <- prometheus.MustNewConstMetric(d, t, v)
	}
	runs := 0.0
	if m.of.runs(ctx) == nil {
		runs = 1
	}
	send(flinkRunning, prometheus.GaugeValue, runs)
	of, err := m.of.on.Cluster.Checkpoints(ctx, m.of.id)
	if err != nil { // a cluster that does not answer shows as a job that does not run
		return
	}
	send(flinkCompleted, prometheus.CounterValue, float64(of.Counts.Completed))
	send(flinkFailed, prometheus.CounterValue, float64(of.Counts.Failed))
	send(flinkRestored, prometheus.CounterValue, float64(of.Counts.Restored))
	if c := of.Latest.Completed; c != nil {
		send(flinkAge, prometheus.GaugeValue, time.Since(time.UnixMilli(c.Taken)).Seconds())
		send(flinkSize, prometheus.GaugeValue, float64(c.Size))
		send(flinkTook, prometheus.GaugeValue, float64(c.Duration)/1000)
	}
}
