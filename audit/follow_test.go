package audit_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"argos"
	"argos/audit"

	"github.com/prometheus/client_golang/prometheus"
)

// A followed audit reads what is new each time, and its metrics are the last verdict.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	if err := w.ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	m, reg := audit.NewMetrics(), prometheus.NewRegistry()
	reg.MustRegister(m.Collectors()...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c, round, read := w.config, 0, 0.0
	c.Store = &swapped{w: w}
	audit.Follow(ctx, c, time.Millisecond, m, func(r *audit.Report, err error) {
		if err != nil {
			t.Fatal(err)
		}
		round++
		read += float64(r.InLog)
		clean, diverged := value(t, reg, "argos_audit_clean", ""), value(t, reg, "argos_audit_faults", "diverged")
		wantClean, wantDiverged := 1.0, 0.0
		if round == 3 {
			wantClean, wantDiverged = 0, 1
		}
		if clean != wantClean || diverged != wantDiverged || value(t, reg, "argos_audit_records_total", "") != read {
			t.Errorf("round %d: clean %v, diverged %v: %+v", round, clean, diverged, r)
		}
		switch round {
		case 1:
			w.grow(t, day)
		case 2:
			w.replace(t, "T-3", func(d *argos.Truck) { d.Lat++ })
		case 3:
			w.restore(t)
		case 4:
			stop()
		}
		if err := w.ledger.Flush(); err != nil {
			t.Fatal(err)
		}
	})
	if round != 4 || read != trucks*each+day {
		t.Errorf("%d rounds, %v records", round, read)
	}
}

// swapped is the world's store of the moment.
type swapped struct {
	argos.Store
	w *world
}

func (s *swapped) Marks(ctx context.Context, topic string) ([]argos.Mark, error) {
	return s.w.store.Marks(ctx, topic)
}

func (s *swapped) After(ctx context.Context, id string, limit int) ([]argos.Truck, error) {
	return s.w.store.After(ctx, id, limit)
}

// value is a metric's, of a kind if it has kinds.
func value(t *testing.T, reg *prometheus.Registry, name, kind string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if kind == "" || m.GetLabel()[0].GetValue() == kind {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, kind)
	return 0
}

func (s *swapped) Trucks(ctx context.Context, ids []string) ([]argos.Truck, error) {
	return s.w.store.Trucks(ctx, ids)
}
