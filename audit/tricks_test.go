package audit_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"argos"
	"argos/audit"
	"argos/ledger"
)

// Each of these once passed, or raised a false alarm.
func TestTricks(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *world)
		fail func(*audit.Report) bool
		says string
	}{
		"the pipeline was started once and died": {
			func(t *testing.T, w *world) {
				w.rebuild(t, func(*argos.Truck) bool { return false }, zero())
			},
			func(r *audit.Report) bool { return r.Pending == trucks*each },
			"240 records are pending",
		},
		"the same, said to be running": {
			func(t *testing.T, w *world) {
				w.rebuild(t, func(*argos.Truck) bool { return false }, zero())
				w.config.Running, w.config.Patience = true, 1
			},
			func(r *audit.Report) bool { return r.Stalled },
			"its mark has stood at 0",
		},
		"acked entries without numbers, one of them in the log": {
			func(t *testing.T, w *world) {
				nameless := fixOf(0)
				nameless.Seq = argos.NoSeq
				w.log(t, nameless)
				for range 1000 {
					w.entry(t, &nameless.Fix, ledger.Acked)
				}
			},
			func(r *audit.Report) bool { return r.Vague == 1000 },
			"its entry has no number",
		},
		"acked entries without a place": {
			func(t *testing.T, w *world) {
				e := ledger.Entry{Run: "r", TruckID: "T-1", Seq: 1, TS: 1_700_000_000_000, Outcome: ledger.Acked}
				e.Lat, e.Lon = fixOf(0).Accuracy, fixOf(0).Accuracy // NaN
				if err := w.ledger.Write(e); err != nil {
					t.Fatal(err)
				}
			},
			func(r *audit.Report) bool { return r.Vague == 1 },
			"its entry has no place",
		},
		"a second run reuses numbers, and its fixes are nowhere": {
			func(t *testing.T, w *world) {
				for i := range 40 {
					again := fixOf(i)
					again.Time += 3_600_000
					w.entryOf(t, "second", &again.Fix, ledger.Acked)
				}
			},
			func(r *audit.Report) bool { return r.Lost == 40 },
			"acknowledged, but not in the log",
		},
		"a second run sends the very same fixes, and the log has them once": {
			func(t *testing.T, w *world) {
				for i := range 40 {
					w.entryOf(t, "second", &fixOf(i).Fix, ledger.Acked)
				}
			},
			func(r *audit.Report) bool { return r.Lost == 40 },
			"acknowledged to run second, but the log has 1 record of this fix and 2 runs hold an ack",
		},
		"the log has the number with another time": {
			func(t *testing.T, w *world) {
				sent := another("T-1", 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				sent.Time++
				w.log(t, sent)
			},
			func(r *audit.Report) bool { return r.Lost == 1 },
			"truck T-1, seq 500000",
		},
		"the log has the number with another place": {
			func(t *testing.T, w *world) {
				sent := another("T-1", 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				sent.Lat += 1e-7
				w.log(t, sent)
			},
			func(r *audit.Report) bool { return r.Lost == 1 },
			"truck T-1, seq 500000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.play(t, w)
			if r := w.audit(t); r.Clean() || !c.fail(r) || !says(r, c.says) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func zero() (marks []argos.Mark) {
	for p := range int32(3) {
		marks = append(marks, argos.Mark{Topic: argos.Topic, Partition: p})
	}
	return marks
}

// Marks gone, five of six documents gone; a ledger in which nothing was acked: refused.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *world)
		why  error
	}{
		"marks gone, five of six documents gone": {
			func(t *testing.T, w *world) {
				w.rebuild(t, func(d *argos.Truck) bool { return d.ID == "T-1" }, nil)
			},
			audit.ErrNoMarks,
		},
		"an empty ledger": {
			func(t *testing.T, w *world) {
				w.config.Ledger = filepath.Join(t.TempDir(), "ledger")
				l, err := ledger.Open(w.config.Ledger)
				if err == nil {
					err = errors.Join(l.Write(ledger.Entry{TruckID: "T-1", Outcome: ledger.Unknown}), l.Close())
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			audit.ErrEmptyLedger,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if err := w.ledger.Flush(); err != nil {
				t.Fatal(err)
			}
			c.play(t, w)
			if r, err := audit.Run(t.Context(), w.config); !errors.Is(err, c.why) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// A correct pipeline is at work during the audit: whatever it stores between two questions to the store is no
// divergence.
func TestACorrectPipelineAtWork(t *testing.T) {
	w := newWorld(t)
	w.config.Running = true
	w.config.Store = &working{swapped: swapped{w: w}, work: func() { w.grow(t, 12) }}
	if r := w.audit(t); !r.Clean() || r.Documents != trucks || r.Pending == 0 {
		t.Errorf("%+v", r)
	}
}

// Marks and a silent truck's document are put back while a correct pipeline is at work, which soon has written true
// marks again.
func TestPutBackUnderAPipelineAtWork(t *testing.T) {
	w := newWorld(t)
	w.config.Running = true
	old := w.docs["T-3"]
	old.Track = bytes.Clone(old.Track)
	w.grow(t, day)
	back := func(marks []argos.Mark) {
		w.rebuild(t, func(d *argos.Truck) bool {
			if d.ID == "T-3" {
				*d = old
			}
			return true
		}, marks)
	}
	truth := w.stored(t)
	back(zero())
	w.config.Store = &working{swapped: swapped{w: w}, work: func() { back(truth) }}
	if r := w.audit(
		t,
	); r.Clean() || r.Diverged != 1 ||
		!says(r, "its mark has come past it, but its document has not folded it") {
		t.Errorf("%+v", r)
	}
}

// The topic is begun anew while what is pending is waited for: nobody has stored that.
func TestBegunAnewWhilePending(t *testing.T) {
	w := newWorld(t)
	w.config.Running = true
	before, docs := w.stored(t), map[string]argos.Truck{}
	for id, d := range w.docs {
		d.Track = bytes.Clone(d.Track)
		docs[id] = d
	}
	w.grow(t, day)
	w.docs = docs
	w.rebuild(t, func(*argos.Truck) bool { return true }, before)
	looks := 0
	w.config.Store = &working{swapped: swapped{w: w}, work: func() {
		if looks++; looks < 3 { // the audit's own first questions
			return
		}
		for _, m := range before {
			m.Epoch, m.Offset = m.Epoch+1, 0
			if err := w.store.SetMarks(t.Context(), []argos.Mark{m}); err != nil {
				t.Error(err)
			}
		}
	}}
	if r := w.audit(t); r.Clean() || r.Pending == 0 ||
		!says(r, "during the audit, which is none of the topic's layouts'") {
		t.Errorf("%+v", r)
	}
}

// working is a store into which somebody writes after each answer.
type working struct {
	swapped
	work func()
}

func (s *working) Marks(ctx context.Context, topic string) ([]argos.Mark, error) {
	defer s.work()
	return s.swapped.Marks(ctx, topic)
}

func (s *working) After(ctx context.Context, id string, limit int) ([]argos.Truck, error) {
	defer s.work()
	return s.swapped.After(ctx, id, limit)
}

// Lines taken out of the middle of a ledger are missed.
func TestALedgerWithoutSomeLines(t *testing.T) {
	w := newWorld(t)
	w.audit(t)
	lines := strings.SplitAfter(read(t, w.config.Ledger), "\n")
	write(t, w.config.Ledger, strings.Join(append(lines[:100:100], lines[101:]...), ""))
	r, err := audit.Run(t.Context(), w.config)
	if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "was taken out") {
		t.Errorf("%+v, %v", r, err)
	}
}
