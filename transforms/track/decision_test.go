package track

import (
	"testing"

	"pgregory.net/rapid"
)

// What is said of each record is what it counts as.
func TestDecisionsAreTheCounts(t *testing.T) {
	seen := map[Reason]bool{}
	rapid.Check(t, func(t *rapid.T) {
		var tr Track
		for i, r := range streams.Draw(t, "stream") {
			was := map[string]int64{
				"used":      tr.fixes,
				"duplicate": tr.duplicates,
				"late":      tr.late,
				"rejected":  tr.rejected,
			}
			tr.Fold(&r, pos(i))
			d := tr.Decision()
			was[d.Reason.Outcome()]++
			was["used"] += d.Revised
			was["rejected"] -= d.Revised
			if was["used"] != tr.fixes || was["duplicate"] != tr.duplicates || was["late"] != tr.late ||
				was["rejected"] != tr.rejected {
				t.Fatalf("record %d: %+v (%s, %s), and the counts are %d, %d, %d, %d instead of %v",
					i, d, d.Reason.Outcome(), d.Reason, tr.fixes, tr.duplicates, tr.late, tr.rejected, was)
			}
			far := d.Reason == OutsideGate || d.Reason == Leapt || d.Reason == Returned
			if d.Reason == noReason || d.Reason.String() == "" || !far && d.Metres+d.Sigmas != 0 {
				t.Fatalf("record %d: %+v", i, d)
			}
			seen[d.Reason] = true
		}
	})
	for r := Began; r <= TooLate; r++ {
		if !seen[r] && r != Returned && r != Frozen { // which streams seldom have
			t.Errorf("no record was %s: %s", r.Outcome(), r)
		}
	}
}

func TestDecisionOfAFrozenReceiver(t *testing.T) {
	tr := settled(40)
	r := at(39, 20*39, 0)
	r.Time += 2000
	r.Speed, r.Heading, r.Accuracy = 40, 90, 1
	tr.Fold(&r, pos(40))
	if d := tr.Decision(); d.Reason != Frozen {
		t.Errorf("%+v", d)
	}
}

// A fix beside the way is outside the gate, by how far it is.
func TestDecisionTellsHowFar(t *testing.T) {
	tr := settled(40)
	r := at(40, 800, 500)
	tr.Fold(&r, pos(40))
	if d := tr.Decision(); d.Reason != OutsideGate || d.Metres < 490 || d.Metres > 510 || d.Sigmas < 5 ||
		d.Revised != 0 {
		t.Errorf("%+v", d)
	}
}
