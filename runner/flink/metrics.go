package flink

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector asks the job manager, at each scrape, how a job and its checkpoints fare.
func Collector(j *Job) prometheus.Collector { return metrics{j} }

type metrics struct{ of *Job }

func gauge(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

var (
	running   = gauge("argos_flink_job_running", "1 while the job runs with all of its stages.")
	completed = gauge("argos_flink_checkpoints_completed_total", "Checkpoints that the job has completed.")
	failed    = gauge("argos_flink_checkpoints_failed_total", "Checkpoints that have failed.")
	restored  = gauge("argos_flink_restores_total", "Times that the job was started from a checkpoint.")
	age       = gauge("argos_flink_checkpoint_age_seconds", "Age of the newest checkpoint: what a failure repeats.")
	size      = gauge("argos_flink_checkpoint_bytes", "State in the newest checkpoint.")
	took      = gauge("argos_flink_checkpoint_seconds", "How long the newest checkpoint took.")
)

func (metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{running, completed, failed, restored, age, size, took} {
		to <- d
	}
}

func (m metrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64) {
		to <- prometheus.MustNewConstMetric(d, t, v)
	}
	runs := 0.0
	if m.of.Runs(ctx) == nil {
		runs = 1
	}
	send(running, prometheus.GaugeValue, runs)
	of, err := m.of.on.Cluster.Checkpoints(ctx, m.of.id)
	if err != nil { // a cluster that does not answer shows as a job that does not run
		return
	}
	send(completed, prometheus.CounterValue, float64(of.Counts.Completed))
	send(failed, prometheus.CounterValue, float64(of.Counts.Failed))
	send(restored, prometheus.CounterValue, float64(of.Counts.Restored))
	if c := of.Latest.Completed; c != nil {
		send(age, prometheus.GaugeValue, time.Since(time.UnixMilli(c.Taken)).Seconds())
		send(size, prometheus.GaugeValue, float64(c.Size))
		send(took, prometheus.GaugeValue, float64(c.Duration)/1000)
	}
}
