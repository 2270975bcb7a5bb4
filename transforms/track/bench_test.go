package track

import (
	"testing"

	"argos"
)

// settled is a track of n fixes at 1 Hz, its window full.
func settled(n int) *Track {
	var t Track
	for i := range n {
		r := at(float64(i), 20*float64(i), 0)
		t.Fold(&r, pos(i))
	}
	return &t
}

func BenchmarkFoldInOrder(b *testing.B) {
	tr, r := settled(40), at(39, 20*39, 0)
	step := 20.0 / 111_195 / 0.669
	b.ReportAllocs()
	for i := 40; b.Loop(); i++ {
		r.Time += 1000
		if r.Lon += step; r.Lon > 179 { // a new lap: the gate has to reject for once
			r.Lon = 11
		}
		tr.Fold(&r, pos(i))
	}
}

// BenchmarkFoldRollBack folds a fix that is half a second older than the newest into a full window.
func BenchmarkFoldRollBack(b *testing.B) {
	start, r := settled(40), at(38.5, 20*38.5, 0)
	b.ReportAllocs()
	for b.Loop() {
		tr := *start
		tr.Fold(&r, pos(40))
	}
}

func BenchmarkAppendDecode(b *testing.B) {
	tr := settled(40)
	var back Track
	buf := make([]byte, 0, MaxSize)
	b.ReportAllocs()
	for b.Loop() {
		buf = tr.Append(buf[:0])
		if err := back.Decode(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkFill(b *testing.B) {
	tr := settled(40)
	doc := argos.Truck{Track: make([]byte, 0, MaxSize)}
	b.ReportAllocs()
	for b.Loop() {
		tr.Fill(&doc)
	}
}
