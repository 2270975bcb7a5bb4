package audit_test

import (
	"strings"
	"testing"

	"argos"
	"argos/audit"
	"argos/ledger"
	"argos/transforms/track"
)

func TestClean(t *testing.T) {
	w := newWorld(t)
	w.entry(t, &another("T-1", 99_001).Fix, ledger.Refused)
	w.entry(t, &another("T-1", 99_002).Fix, ledger.Unknown)
	shown := 0
	w.config.Folded = func(*argos.Record, *track.Track) { shown++ }
	r := w.audit(t)
	const n = trucks * each
	if !r.Clean() || r.Sent != n+2 || r.Acked != n || r.Refused != 1 || r.InLog != n || r.Stored != n ||
		r.Documents != trucks ||
		r.Pending != 0 ||
		shown != n {
		t.Errorf("%+v, %d shown", r, shown)
	}
}

// Each way in which delivery can fail is found, and named with its truck.
func TestFinds(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*testing.T, *world)
		want   audit.Report
		says   string
	}{
		"an acked fix that never got there": {
			func(t *testing.T, w *world) { w.entry(t, &another("T-2", 77_777).Fix, ledger.Acked) },
			audit.Report{Lost: 1},
			"truck T-2, seq 77777",
		},
		"an altered document": {
			func(t *testing.T, w *world) { w.replace(t, "T-3", func(d *argos.Truck) { d.Lat += 1e-13 }) },
			audit.Report{Diverged: 1},
			"truck T-3, offset",
		},
		"an altered track": {
			func(t *testing.T, w *world) { w.replace(t, "T-3", func(d *argos.Truck) { d.Track[20] ^= 1 }) },
			audit.Report{Diverged: 1},
			"packed track",
		},
		"altered attrs": {
			func(t *testing.T, w *world) { w.replace(t, "T-3", func(d *argos.Truck) { d.Attrs = []byte(`{}`) }) },
			audit.Report{Diverged: 1},
			"attrs {}",
		},
		"a removed document": {
			func(t *testing.T, w *world) { w.remove(t, "T-4") },
			audit.Report{Diverged: 1},
			"truck T-4",
		},
		"an added document": {
			func(t *testing.T, w *world) {
				d := w.docs["T-4"]
				d.ID = "T-nobody"
				w.upsert(t, d)
			},
			audit.Report{Diverged: 1},
			"truck T-nobody",
		},
		"a document ahead of the log": {
			func(t *testing.T, w *world) {
				d := w.docs["T-5"]
				d.Rev++
				d.Fixes++
				d.Pos.Next += 1000
				w.upsert(t, d)
			},
			audit.Report{Diverged: 1},
			"truck T-5",
		},
		"a record below the mark that no document has": {
			func(t *testing.T, w *world) {
				id, p := "T-1", argos.PartitionOf("T-1", 3)
				rec := argos.Record{Fix: argos.NewFix(id, 1_700_000_900_000, 51.9, 4.5), Recv: 1_700_000_900_000}
				w.produceIn(t, p, &rec)
				marks := w.stored(t)
				marks[p].Offset++
				if err := w.store.SetMarks(t.Context(), marks); err != nil {
					t.Fatal(err)
				}
			},
			audit.Report{Diverged: 1},
			"truck T-1, offset",
		},
		"a log whose epoch has passed": {
			func(t *testing.T, w *world) { w.replace(t, "T-0", func(d *argos.Truck) { d.Pos.Epoch = 1 }) },
			audit.Report{Unauditable: 1},
			"truck T-0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.damage(t, w)
			r := w.audit(t)
			if r.Clean() || r.Lost != c.want.Lost || r.Diverged != c.want.Diverged ||
				r.Unauditable != c.want.Unauditable ||
				r.BadMarks+r.MissingLetters+r.Vague > 0 {
				t.Errorf("%+v", r)
			}
			pending := 0
			if r.Pending > 0 {
				pending = 1
			}
			if len(r.Problems) != 1+pending || !strings.Contains(r.Problems[0], c.says) {
				t.Errorf("says %q, want %q", r.Problems, c.says)
			}
		})
	}
}

// A fix that was sent again after its answer was lost is in the log twice: told, and no fault.
func TestResent(t *testing.T) {
	w := newWorld(t)
	r := another("T-1", 500_000)
	w.log(t, r)
	w.log(t, r)
	w.entry(t, &r.Fix, ledger.Unknown)
	w.entry(t, &r.Fix, ledger.Acked)
	got := w.audit(t)
	if got.Lost+got.Diverged > 0 || got.Resent != 1 || got.Acked != trucks*each+1 || got.Sent != got.Acked ||
		got.Pending != 2 {
		t.Errorf("%+v", got)
	}
}
