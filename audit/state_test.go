package audit_test

import (
	"errors"
	"path/filepath"
	"testing"

	"argos"
	"argos/audit"
	"argos/ledger"
)

const day = 60 // fixes

// begun is a world that was audited once, and has gone on for a day since.
func begun(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	if r := w.audit(t); !r.Clean() {
		t.Fatalf("%+v", r)
	}
	w.grow(t, day)
	return w
}

// An audit goes on from the last one: it reads what is new, and judges all documents.
func TestGoesOn(t *testing.T) {
	w := begun(t)
	for range 3 {
		if r := w.audit(
			t,
		); !r.Clean() || r.InLog != day || r.Acked != day || r.Documents != trucks ||
			r.Trusted != 0 {
			t.Fatalf("%+v", r)
		}
		if r := w.audit(t); !r.Clean() || r.InLog != 0 || r.Documents != trucks { // nothing happened
			t.Fatalf("%+v", r)
		}
		w.grow(t, day)
	}
	w.config.State = ""
	if r := w.audit(t); !r.Clean() || r.InLog != trucks*each+4*day {
		t.Fatalf("all of it: %+v", r)
	}
}

// The state holds what lies below the marks: a pipeline that is behind at one audit, and still at the next, is no
// divergence.
func TestTheStateIsAtTheMarks(t *testing.T) {
	w := begun(t)
	w.audit(t)
	w.log(t, another("T-1", 500_000))
	for range 2 {
		if r := w.audit(t); r.Pending != 1 || r.Lost+r.Diverged+r.BadMarks > 0 {
			t.Errorf("%+v", r)
		}
	}
}

// What retention takes of what was audited costs nothing.
func TestRetentionBehindTheState(t *testing.T) {
	w := begun(t)
	for p, end := range w.ends {
		w.deleteRecords(t, p, max(0, end-5))
	}
	if r := w.audit(t); r.Clean() || r.Unauditable == 0 { // it took some of the new day, too
		t.Errorf("%+v", r)
	}
	w = begun(t)
	for p := range w.ends {
		w.deleteRecords(t, p, w.ends[p]*5/8)
	}
	if r := w.audit(t); !r.Clean() || r.InLog != day {
		t.Errorf("%+v", r)
	}
}

// The first audit of a log whose start is gone can't judge the documents that go back to it, and says so; the next
// one goes on from them, and finds what is wrong since.
func TestOnTrust(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	for p := range w.ends {
		w.deleteRecords(t, p, w.ends[p]/2)
	}
	if r := w.audit(
		t,
	); r.Clean() || r.Unauditable != trucks+trucks*each/2 || r.Trusted != trucks ||
		!says(r, "the next audit goes on from it") {
		t.Fatalf("first: %+v", r)
	}
	w.grow(t, day)
	if r := w.audit(t); !r.Clean() || r.InLog != day || r.Trusted != trucks {
		t.Fatalf("second: %+v", r)
	}
	w.grow(t, day)
	w.replace(t, "T-3", func(d *argos.Truck) { d.Lat += 1e-13 })
	if r := w.audit(t); r.Diverged != 1 || !says(r, "truck T-3") {
		t.Fatalf("third: %+v", r)
	}
}

// A fix may come into the log before an audit, and into the ledger after it.
func TestAnAckAfterTheAudit(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	late := fixOf(w.sent)
	w.quiet = true
	w.grow(t, 1)
	w.quiet = false
	if r := w.audit(t); !r.Clean() || r.Acked != trucks*each {
		t.Fatalf("%+v", r)
	}
	w.entry(t, &late.Fix, ledger.Acked)
	if r := w.audit(t); !r.Clean() || r.Acked != 1 {
		t.Errorf("%+v", r)
	}
	// But not the same one once more, nor one that is nowhere.
	w.entryOf(t, "second", &late.Fix, ledger.Acked)
	w.entry(t, &another("T-1", 500_000).Fix, ledger.Acked)
	if r := w.audit(t); r.Lost != 2 || !says(r, "2 runs hold an ack") || !says(r, "seq 500000") {
		t.Errorf("%+v", r)
	}
	if r := w.audit(t); r.Lost != 2 { // and that is not forgotten
		t.Errorf("again: %+v", r)
	}
}

// A ledger that comes much later than the log is not judged from the state, and nothing of it is called lost; without
// the state it is.
func TestALedgerFarBehindTheLog(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	w.config.SeekAtMost(10)
	first := w.sent
	w.quiet = true
	w.grow(t, 20)
	w.quiet = false
	if r := w.audit(t); !r.Clean() {
		t.Fatalf("%+v", r)
	}
	for i := first; i < w.sent; i++ {
		w.entry(t, &fixOf(i).Fix, ledger.Acked)
	}
	if err := w.ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.Run(t.Context(), w.config); !errors.Is(err, audit.ErrLate) {
		t.Errorf("%+v, %v", r, err)
	}
	w.config.State = ""
	if r := w.audit(t); !r.Clean() {
		t.Errorf("without the state: %+v", r)
	}
}

// What contradicts the last audit is found, at work or not.
func TestContradictsTheLastAudit(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *world)
		fail func(*audit.Report) bool
		says string
	}{
		"a document taken away, and the marks put back": {
			func(t *testing.T, w *world) {
				w.rebuild(t, func(d *argos.Truck) bool { return d.ID != "T-3" }, zero())
			},
			func(r *audit.Report) bool { return r.Diverged == 1 && r.BadMarks > 0 }, "has gone back from",
		},
		"a document of a silent truck taken away": {
			func(t *testing.T, w *world) {
				w.audit(t)
				w.remove(t, "T-3")
			},
			diverged(1), "truck T-3",
		},
		"a document of a silent truck altered": {
			func(t *testing.T, w *world) {
				w.audit(t)
				w.replace(t, "T-3", func(d *argos.Truck) { d.Speed++ })
			},
			diverged(1), "truck T-3",
		},
		"an older document": {
			func(t *testing.T, w *world) {
				w.audit(t)
				w.grow(t, day)
				old := w.docs
				w.audit(t)
				w.replace(t, "T-3", func(d *argos.Truck) {
					*d = old["T-3"]
					d.Rev, d.Fixes, d.Pos.Next = d.Rev-20, d.Fixes-20, d.Pos.Next-60
				})
			},
			diverged(1), "an earlier audit proved rev 60 of it",
		},
		"a document of a truck that the log has never had": {
			func(t *testing.T, w *world) {
				d := w.docs["T-4"]
				d.ID = "T-nobody"
				w.upsert(t, d)
			},
			diverged(1), "truck T-nobody",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begun(t)
			w.config.Running, w.config.Patience = true, 1
			c.play(t, w)
			if r := w.audit(t); r.Clean() || !c.fail(r) || !says(r, c.says) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A new ledger is told of.
func TestANewLedger(t *testing.T) {
	w := begun(t)
	if err := w.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	w.audit(t)
	path := filepath.Join(t.TempDir(), "next")
	l, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w.ledger, w.config.Ledger = l, path
	w.grow(t, day)
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Run(t.Context(), w.config); !errors.Is(err, ledger.ErrOther) {
		t.Error(err)
	}
	w.config.NewLedger = true
	if r := w.audit(t); !r.Clean() || r.Acked != day {
		t.Errorf("%+v", r)
	}
	w.config.NewLedger = false
	w.grow(t, day)
	if r := w.audit(t); !r.Clean() || r.Acked != day {
		t.Errorf("%+v", r)
	}
}
