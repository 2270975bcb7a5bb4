package sender

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	fixesDesc = prometheus.NewDesc("argos_sender_fixes_total",
		"Fixes by what became of them.", []string{"outcome"}, nil)
	unackedDesc = prometheus.NewDesc("argos_sender_unacked_fixes",
		"Fixes taken that the gateway has not answered for.", nil, nil)
	reconnectsDesc = prometheus.NewDesc("argos_sender_reconnects_total",
		"Connections lost, or attempts failed, and tried again.", nil, nil)
)

func (s *Sender) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	if err := r.Register(s); err != nil {
		return fmt.Errorf("register the sender's metrics: %w", err)
	}
	return nil
}

// Describe implements prometheus.Collector.
func (s *Sender) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fixesDesc, unackedDesc, reconnectsDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Sender) Collect(ch chan<- prometheus.Metric) {
	st := s.Stats()
	ch <- prometheus.MustNewConstMetric(fixesDesc, prometheus.CounterValue, float64(st.Acked), "acked")
	ch <- prometheus.MustNewConstMetric(fixesDesc, prometheus.CounterValue, float64(st.Refused), "refused")
	ch <- prometheus.MustNewConstMetric(unackedDesc, prometheus.GaugeValue, float64(st.Sent-st.Acked-st.Refused))
	ch <- prometheus.MustNewConstMetric(reconnectsDesc, prometheus.CounterValue, float64(st.Reconnects))
}
