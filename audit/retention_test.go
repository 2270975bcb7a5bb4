package audit_test

import (
	"strings"
	"testing"

	"argos"
)

// What retention has taken cannot be judged: that is neither a loss nor a pass.
func TestALogWithoutItsStartIsUnauditable(t *testing.T) {
	w := newWorld(t)
	id := "T-1"
	partition := int32(argos.PartitionOf(id, 3))
	w.deleteRecords(t, int(partition), 7)
	documents := int64(0)
	for id := range w.docs {
		if argos.PartitionOf(id, 3) == int(partition) {
			documents++
		}
	}
	r := w.audit(t)
	if r.Clean() || r.Lost != 0 || r.Diverged != 0 || r.Unauditable != documents+7 || r.InLog != trucks*each-7 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(strings.Join(r.Problems, "\n"), "not in what retention has left") {
		t.Errorf("says %q", r.Problems)
	}
}

// What retention took before it was stored is gone, and no document tells.
func TestRetentionBeyondTheMark(t *testing.T) {
	w := newWorld(t)
	p := argos.PartitionOf("T-1", 3)
	truth := w.ends
	w.log(t, another("T-1", 500_000))
	w.log(t, another("T-1", 500_001))
	w.deleteRecords(t, p, truth[p]+1)
	if r := w.audit(t); r.BadMarks != 1 || !says(r, "gone unread") {
		t.Errorf("%+v", r)
	}
}
