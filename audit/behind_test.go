package audit_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"argos"
)

// A pipeline that has not come to the end of the old layout is behind, and no divergence; one at work is waited for,
// also while it steps to the next layout.
func TestBehindInAnOldLayout(t *testing.T) {
	for name, written := range map[string]int{"in mid-layout": 5, "before its step": 0} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.config.State = filepath.Join(t.TempDir(), "state")
			old, ends := w.snapshot(), slices.Clone(w.ends)
			w.grow(t, written)
			marks := w.stored(t)
			for p := range marks {
				marks[p].Offset = ends[p]
			}
			w.relay(t, 5)
			w.grow(t, day)
			behind := func() {
				w.rebuild(t, func(d *argos.Truck) bool { *d = old[d.ID]; return true }, marks)
			}
			behind()
			for range 2 { // it is not forgotten
				if r := w.audit(t); r.Clean() || r.Pending != int64(written+day) || r.Lost+r.Diverged+r.BadMarks > 0 {
					t.Fatalf("nobody at work: %+v", r)
				}
			}
			w.config.Running, w.config.Patience = true, time.Millisecond
			if r := w.audit(t); !r.Stalled || r.Diverged > 0 {
				t.Fatalf("said to be at work: %+v", r)
			}
			w.config.Patience = time.Minute
			asked := 0
			w.config.Store = &working{swapped: swapped{w: w}, work: func() {
				if asked++; asked > 1 { // marks and documents were read
					w.restore(t)
				}
			}}
			if r := w.audit(t); !r.Clean() || r.Pending == 0 {
				t.Fatalf("at work: %+v", r)
			}
			behind()
			w.config.State = ""
			w.config.Store = &working{swapped: swapped{w: w}, work: func() {
				w.rebuild(t, func(d *argos.Truck) bool { *d = old[d.ID]; return true }, w.truth())
			}}
			if r := w.audit(t); r.Clean() || r.Diverged == 0 || !says(r, "its mark has come past it") {
				t.Fatalf("its marks alone: %+v", r)
			}
		})
	}
}

// A step to the next layout may be seen while its marks are written, and may be cut off there.
func TestAmidTheStepToALayout(t *testing.T) {
	for cut := range 6 {
		w := newWorld(t)
		old := w.stored(t)
		w.relay(t, 5)
		stepped := w.stored(t)
		var marks []argos.Mark
		for n, p := range []int{4, 3, 1, 0, 2} { // new partitions first, else in any order
			if n < cut {
				marks = append(marks, stepped[p])
			} else if p < 3 {
				marks = append(marks, old[p])
			}
		}
		w.marks(t, marks...)
		if r := w.audit(t); !r.Clean() {
			t.Errorf("after %d marks: %+v", cut, r)
		}
	}
}
