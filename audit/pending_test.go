package audit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/audit"
	"argos/ledger"
)

// What the pipeline has not come to yet is neither lost nor diverged. It is no fault while a pipeline is at work on
// it, which its marks must show.
func TestPending(t *testing.T) {
	w := newWorld(t)
	p := argos.PartitionOf("T-1", 3)
	for _, id := range []string{"T-1", newcomer(p)} {
		r := another(id, 500_000)
		w.log(t, r)
		w.entry(t, &r.Fix, ledger.Acked)
	}
	r := w.audit(t)
	if r.Clean() || r.Pending != 2 || r.Lost+r.Diverged+r.Unauditable+r.BadMarks > 0 ||
		!says(r, "2 records are pending") {
		t.Errorf("nobody at work: %+v", r)
	}
	w.config.Running, w.config.Patience = true, time.Millisecond
	if r := w.audit(t); r.Clean() || !r.Stalled || r.Pending != 2 || !says(r, "no pipeline is at work") {
		t.Errorf("said to be at work: %+v", r)
	}
	w.config.Patience, w.config.Store = time.Minute, &moving{Store: w.store}
	if r := w.audit(t); r.Stalled || r.Diverged != 2 || r.Pending != 2 || !says(r, "its mark has come past it") {
		t.Errorf("marks that move alone: %+v", r)
	}
}

// moving is a store whose marks move after they were read for the first time.
type moving struct {
	argos.Store
	asked int64
}

func (m *moving) Marks(ctx context.Context, topic string) ([]argos.Mark, error) {
	marks, err := m.Store.Marks(ctx, topic)
	for i := range marks {
		marks[i].Offset += m.asked
	}
	m.asked++
	return marks, err
}

func says(r *audit.Report, words string) bool {
	return strings.Contains(strings.Join(r.Problems, "\n"), words)
}
