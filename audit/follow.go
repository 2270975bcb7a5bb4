package audit

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the verdict of an audit that goes on and on.
type Metrics struct {
	clean    prometheus.Gauge
	faults   *prometheus.GaugeVec
	trusted  prometheus.Gauge
	finished prometheus.Gauge
	took     prometheus.Gauge
	failures prometheus.Counter
	records  prometheus.Counter
}

// NewMetrics returns metrics that Follow sets.
func NewMetrics() *Metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return &Metrics{
		clean: gauge(
			"argos_audit_clean",
			"1 if the last audit found nothing wrong, 0 if it did or could not be run.",
		),
		faults: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "argos_audit_faults", Help: "What the last audit found, by kind.",
		}, []string{"kind"}),
		trusted:  gauge("argos_audit_trusted_documents", "Documents whose beginning no audit has seen."),
		finished: gauge("argos_audit_finished_timestamp_seconds", "When the last audit came to a verdict."),
		took:     gauge("argos_audit_seconds", "How long the last audit took."),
		failures: counter("argos_audit_failures_total", "Audits that could not be run."),
		records:  counter("argos_audit_records_total", "Records of the log that audits have read."),
	}
}

// Collectors returns the metrics, to be registered.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.clean, m.faults, m.trusted, m.finished, m.took, m.failures, m.records}
}

func (m *Metrics) set(r *Report, took time.Duration) {
	m.clean.Set(0)
	if r.Clean() {
		m.clean.Set(1)
	}
	stalled := int64(0)
	if r.Stalled {
		stalled = r.Pending
	}
	for kind, n := range map[string]int64{
		"lost": r.Lost, "diverged": r.Diverged, "bad_marks": r.BadMarks, "missing_letters": r.MissingLetters,
		"vague": r.Vague, "unauditable": r.Unauditable, "stalled": stalled,
	} {
		m.faults.WithLabelValues(kind).Set(float64(n))
	}
	m.trusted.Set(float64(r.Trusted))
	m.took.Set(took.Seconds())
	m.records.Add(float64(r.InLog))
	m.finished.SetToCurrentTime()
}

// Follow audits again and again, each time from where the last one ended, with a pause between, until ctx ends. The
// pipeline is at work meanwhile. Each verdict, or why there is none, is told.
func Follow(ctx context.Context, c Config, pause time.Duration, m *Metrics, tell func(*Report, error)) {
	c.Running = true
	for {
		began := time.Now()
		r, err := Run(ctx, c)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			m.clean.Set(0)
			m.failures.Inc()
		default:
			m.set(r, time.Since(began))
			c.NewLedger = c.NewLedger && r.refuted() // the state knows it now
		}
		tell(r, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
