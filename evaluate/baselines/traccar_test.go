package baselines_test

import (
	"testing"

	"argos"
	"argos/evaluate/baselines"
)

// Each threshold leaves out what it is for, and answers with the last fix that was kept.
func TestTraccar(t *testing.T) {
	const north = 1 / 111_200. // about a metre, degrees
	// at is a fix so many seconds from the start and metres north.
	at := func(s int64, metres float64) argos.Fix { return argos.NewFix("T", s*1000, 52+metres*north, 4) }
	fast, vague := at(3, 60), at(4, 80)
	fast.Speed, vague.Accuracy = 60, 150
	fixes := []argos.Fix{
		at(0, 0), at(1, 20),
		at(2, 25), // 5 m from the last
		fast,      // reports 60 m/s
		vague,     // claims 150 m
		argos.NewFix("T", 5000, 0, 0),
		at(6, 2000), // needs 400 m/s
		at(7, 140),
		at(307, 141), // 1 m from the last, 300 s after it
		at(308, 141), // the same after more
		at(310, 200),
	}
	kept := []int{0, 1, 1, 1, 1, 1, 1, 7, 7, 9, 10}
	for i, got := range baselines.Traccar(fixes) {
		if want := fixes[kept[i]]; got.Lat != want.Lat || got.Lon != want.Lon {
			t.Errorf("fix %d: %v, want that of fix %d", i, got, kept[i])
		}
	}
	if got := baselines.Traccar(nil); len(got) != 0 {
		t.Error(got)
	}
}
