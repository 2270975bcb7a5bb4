package storeio

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"

	"argos"
)

// Latency is measured from the gateway's receipt of a record to its document's being stored, in ms up to an hour.
const maxLatencyMs = 3_600_000

// Stats is what the sink of a job has done so far.
type Stats struct {
	Records   int64 // folded and stored
	Documents int64 // written, the refused included
	Refused   int64 // by the guard, because the store had them already
	Diverged  int64 // refused though the store had something else

	P50, P99, Max time.Duration // from receipt to store, a record
	First, Last   time.Time     // of the first and the last write
}

type counts struct {
	sync.Mutex
	Stats
	latency *hdrhistogram.Histogram
}

// jobs holds the counts by job name. It is global because a runner makes instances of a DoFn as it likes, and whoever
// asks for the figures has none of them.
var jobs = struct {
	sync.Mutex
	by map[string]*counts
}{by: map[string]*counts{}}

func countsOf(job string) *counts {
	jobs.Lock()
	defer jobs.Unlock()
	c := jobs.by[job]
	if c == nil {
		c = &counts{latency: hdrhistogram.New(1, maxLatencyMs, 3)}
		jobs.by[job] = c
	}
	return c
}

// StatsOf returns what the sink of a job has done; zero for one that the process does not know.
func StatsOf(job string) Stats {
	jobs.Lock()
	c := jobs.by[job]
	jobs.Unlock()
	if c == nil {
		return Stats{}
	}
	c.Lock()
	defer c.Unlock()
	s := c.Stats
	ms := func(q float64) time.Duration { return time.Duration(c.latency.ValueAtQuantile(q)) * time.Millisecond }
	s.P50, s.P99, s.Max = ms(50), ms(99), ms(100)
	return s
}

// Forget drops the counts of a job.
func Forget(job string) {
	jobs.Lock()
	defer jobs.Unlock()
	delete(jobs.by, job)
}

// stored counts one write of documents and the records that they held.
func (c *counts) stored(now time.Time, trucks []argos.Truck, recvs []int64, refused, diverged int) {
	documents.Add(float64(len(trucks)))
	refusals.Add(float64(refused))
	divergences.Add(float64(diverged))
	c.Lock()
	defer c.Unlock()
	if c.First.IsZero() {
		c.First = now
	}
	c.Last = now
	c.Documents += int64(len(trucks))
	c.Refused += int64(refused)
	c.Diverged += int64(diverged)
	if diverged > 0 {
		return // the job fails, and its records come again
	}
	c.Records += int64(len(recvs))
	records.Add(float64(len(recvs)))
	for _, recv := range recvs {
		ms := min(max(now.UnixMilli()-recv, 0), maxLatencyMs)
		// In range, so it can't fail.
		_ = c.latency.RecordValue(ms)
		latency.Observe(float64(ms) / 1000)
	}
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

var (
	records   = counter("argos_sink_records_total", "Records whose documents were stored.")
	documents = counter("argos_sink_documents_total", "Documents handed to the store.")
	refusals  = counter(
		"argos_sink_refused_documents_total",
		"Documents that the store refused, because it had them.",
	)
	divergences = counter(
		"argos_sink_diverged_documents_total",
		"Documents that contradict the stored ones; each fails its job.",
	)
	writeFailures = counter("argos_sink_write_failures_total", "Writes to the store that failed and were repeated.")
	unwritable    = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "argos_sink_unwritable_documents",
		Help: "Documents that the store itself refuses at present; " +
			"their bundles wait for them, and what comes after.",
	})
	latency = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "argos_sink_latency_seconds", Help: "Time from the gateway's receipt of a record to its being stored.",
		Buckets: []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60, 600},
	})
	writeSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "argos_sink_write_seconds", Help: "Time of one write to the store.",
		Buckets: prometheus.ExponentialBuckets(.001, 2, 14),
	})
)

// Collectors returns the metrics of all sinks in the process.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		records,
		documents,
		refusals,
		divergences,
		writeFailures,
		unwritable,
		latency,
		writeSeconds,
	}
}
