package gateway

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons for which a fix is refused, as the label of argos_gateway_fixes_refused_total.
const (
	notJSON   = "json"   // nothing of the frame could be understood
	badField  = "field"  // a field is missing, unknown or out of range
	badClock  = "clock"  // the time is not one that a live truck can mean
	byBroker  = "broker" // Kafka will never take the record
	notOneFix = "lines"  // a line of a POST that is not one object
)

type metrics struct {
	connections        prometheus.Gauge
	turnedAway         prometheus.Counter
	accepted           prometheus.Counter
	refused            map[string]prometheus.Counter
	batches            prometheus.Counter
	batchSize          prometheus.Histogram
	retries            prometheus.Counter
	pending            atomic.Int64 // fixes taken in that are neither confirmed nor refused
	nacksDropped       prometheus.Counter
	deadLetters        prometheus.Counter
	deadLettersDropped prometheus.Counter
	possibleDuplicates prometheus.Counter
}

func newMetrics(to prometheus.Registerer) (*metrics, error) {
	var all []prometheus.Collector
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "argos", Subsystem: "gateway", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
		all = append(all, c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts(opts(name, help)))
		all = append(all, g)
		return g
	}
	m := &metrics{
		connections:        gauge("connections", "Senders that are connected."),
		turnedAway:         counter("turned_away_total", "Senders that found the gateway full or shutting down."),
		accepted:           counter("fixes_accepted_total", "Fixes that Kafka has confirmed on all in-sync replicas."),
		batches:            counter("batches_total", "Batches that Kafka has confirmed."),
		retries:            counter("produce_retries_total", "Attempts to write a batch that had to be repeated."),
		nacksDropped:       counter("nacks_dropped_total", "Refusals that a sender which does not read was not told; it has no ack of them."),
		deadLetters:        counter("dead_letters_total", "Refused fixes that were written to the dead-letter topic."),
		deadLettersDropped: counter("dead_letters_dropped_total", "Refused fixes without a dead letter: a peer's rate or the queue was exceeded."),
		possibleDuplicates: counter("possible_duplicates_total", "Fixes written again under a new producer id after an attempt without an answer."),
	}
	m.batchSize = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "argos", Subsystem: "gateway", Name: "batch_fixes",
		Help: "Fixes in a batch.", Buckets: prometheus.ExponentialBuckets(1, 4, 8),
	})
	pending := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("fixes_unconfirmed", "Fixes taken in that Kafka has not confirmed yet.")),
		func() float64 { return float64(m.pending.Load()) })
	byReason := prometheus.NewCounterVec(prometheus.CounterOpts(opts("fixes_refused_total", "Fixes refused, by reason.")), []string{"reason"})
	m.refused = map[string]prometheus.Counter{}
	for _, r := range []string{notJSON, badField, badClock, byBroker, notOneFix} {
		m.refused[r] = byReason.WithLabelValues(r)
	}
	if to == nil {
		return m, nil
	}
	for _, c := range append(all, m.batchSize, pending, byReason) {
		if err := to.Register(c); err != nil {
			return nil, fmt.Errorf("register the gateway's metrics: %w", err)
		}
	}
	return m, nil
}
