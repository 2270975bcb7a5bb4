package audit_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"argos"
	"argos/audit"
)

func (w *world) explain(t *testing.T, id string, rev int64) (e *audit.Explanation, steps []audit.Step) {
	t.Helper()
	e, err := audit.Explain(t.Context(), audit.Question{
		Truck: id, Rev: rev, Kafka: w.config.Kafka, Topic: argos.Topic, Store: w.store, State: w.config.State,
	}, func(s *audit.Step) { steps = append(steps, *s) })
	if err != nil {
		t.Fatal(err)
	}
	return e, steps
}

// An explanation lists a document's records with what the fold decided, and says whether the stored document is their
// fold.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	wild := fixOf(w.sent + 1) // T-1's next, far off
	wild.Lat += 0.5
	w.log(t, wild)
	w.log(t, wild)
	p := argos.PartitionOf("T-1", 3)
	for range 2 {
		w.ends[p]++
		w.tracks["T-1"].Fold(wild, argos.Pos{Partition: int32(p), Next: w.ends[p]})
	}
	w.restore(t)

	e, steps := w.explain(t, "T-1", 0)
	if !e.Agrees() || e.Gone() != nil || len(steps) != each+2 || e.Folded.Rev != each+2 {
		t.Fatalf("%+v of %d steps", e, len(steps))
	}
	for i, s := range steps {
		want := "used"
		switch i {
		case each:
			want = "rejected"
		case each + 1:
			want = "duplicate"
		}
		if s.Rev != int64(i+1) || s.Decision.Reason.Outcome() != want {
			t.Errorf("step %d: %+v, want it %s", i, s, want)
		}
	}
	if d := steps[each].Decision; d.Metres < 50_000 || d.Sigmas < 100 {
		t.Errorf("far off: %+v", d)
	}
	if e, steps := w.explain(t, "T-1", 7); e.Agrees() || e.Folded.Rev != 7 || len(steps) != 7 || e.Differs != "" {
		t.Errorf("rev 7: %+v of %d steps", e, len(steps))
	}
	_, err := audit.Explain(t.Context(), audit.Question{
		Truck: "T-1", Rev: each + 3, Kafka: w.config.Kafka, Topic: argos.Topic, Store: w.store,
	}, func(*audit.Step) {})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("it has no rev %d", each+3)) {
		t.Errorf("a rev that is not there: %v", err)
	}
	w.replace(t, "T-1", func(d *argos.Truck) { d.Lat++ })
	if e, _ := w.explain(t, "T-1", 0); e.Agrees() || !strings.Contains(e.Differs, "lat") {
		t.Errorf("altered: %+v", e)
	}
	w.remove(t, "T-1")
	if e, steps := w.explain(t, "T-1", 0); e.Agrees() || e.Stored != nil || len(steps) != each+2 {
		t.Errorf("removed: %+v of %d steps", e, len(steps))
	}
	_, err = audit.Explain(t.Context(), audit.Question{
		Truck: "T-none", Kafka: w.config.Kafka, Topic: argos.Topic, Store: w.store,
	}, func(*audit.Step) {})
	if !errors.Is(err, audit.ErrNoRecords) {
		t.Error(err)
	}
}

// Where the log's start is gone, an audit's state has the track of its time.
func TestExplainFromTheLastAudit(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	if r := w.audit(t); !r.Clean() {
		t.Fatalf("%+v", r)
	}
	for p, end := range w.ends {
		w.deleteRecords(t, p, end)
	}
	w.grow(t, day)
	if e, steps := w.explain(t, "T-1", 0); !e.Agrees() || e.Known != each || len(steps) != day/trucks ||
		e.Gone() != nil {
		t.Errorf("%+v of %d steps", e, len(steps))
	}
	w.config.State = ""
	if e, _ := w.explain(t, "T-1", 0); e.Agrees() || e.Gone() == nil {
		t.Errorf("without the state: %+v", e)
	}
}

// Of a topic that has grown the truck's records are shown from one partition after the other.
func TestExplainAGrownTopic(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	if r := w.audit(t); !r.Clean() {
		t.Fatalf("%+v", r)
	}
	state := w.config.State
	w.grow(t, day)
	w.relay(t, 5)
	w.grow(t, day)
	for id := range w.docs {
		was, is := int32(argos.PartitionOf(id, 3)), int32(argos.PartitionOf(id, 5))
		w.config.State = ""
		e, steps := w.explain(t, id, 0)
		if !e.Agrees() || e.Gone() != nil || len(steps) != each+2*day/trucks || len(e.Read) != 2 ||
			e.Read[0].Partition != was || e.Read[1].Partition != is {
			t.Fatalf("%+v of %d steps", e, len(steps))
		}
		for i, s := range steps {
			if s.Rev != int64(i+1) || s.Partition != was && i < each+day/trucks ||
				s.Partition != is && i >= each+day/trucks {
				t.Fatalf("step %d: %+v", i, s)
			}
		}
		w.config.State = state
		if e, steps := w.explain(t, id, 0); !e.Agrees() || e.Known != each || len(steps) != 2*day/trucks {
			t.Fatalf("from the last audit: %+v of %d steps", e, len(steps))
		}
	}
	w.deleteRecords(t, argos.PartitionOf("T-1", 3), 30)
	w.config.State = ""
	if e, _ := w.explain(t, "T-1", 0); e.Agrees() || e.Gone() == nil || e.Gone().From != 30 {
		t.Fatalf("its start gone: %+v", e)
	}
	w.config.State = state
	if e, _ := w.explain(t, "T-1", 0); !e.Agrees() || e.Gone() != nil {
		t.Fatalf("its start gone, and known: %+v", e)
	}
}
