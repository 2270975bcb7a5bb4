package sim

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

// TestFaultsAreWhatTheySay: with exactly the fixes that were asked for, in the way that was asked for, and with no
// others.
func TestFaultsAreWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fault := Fault{
			Kind: rapid.SampledFrom(FaultKinds).Draw(t, "kind"), From: rapid.IntRange(1, 100).Draw(t, "from"),
			Fixes: rapid.IntRange(0, 60).Draw(t, "fixes"), Metres: rapid.Float64Range(60, 800).Draw(t, "metres"),
			Seconds: rapid.Float64Range(1, 600).Draw(t, "seconds"),
		}
		r := Scenario{
			Seed: rapid.Uint64().Draw(t, "seed"), Drive: Straight, Duration: 200 * time.Second, Faults: []Fault{fault},
		}.Record()
		upTo := fault.From + fault.Fixes
		if fault.Fixes == 0 {
			upTo = math.MaxInt
		}
		var hit []int
		for i, label := range r.Label {
			n := int(r.Fixes[i].Seq)
			in, told := n >= fault.From && n < upTo, label == string(fault.Kind)
			if second := fault.Kind == Repeat || fault.Kind == Twin; !in && label != "" || in && !told && !second {
				t.Fatalf("fix %d is labelled %q", n, label)
			}
			if label != "" {
				hit = append(hit, i)
			}
		}
		want, got := min(upTo, 200)-fault.From, len(hit)
		if fault.Kind == Lost {
			got = 200 - len(r.Fixes)
		}
		if got != want {
			t.Fatalf("it happens to %d fixes, %d were asked", got, want)
		}
		slices.SortStableFunc(hit, func(a, b int) int { return int(r.Fixes[a].Seq - r.Fixes[b].Seq) })
		for k, i := range hit {
			checkFault(t, r, fault, k, i, hit[0])
		}
	})
}

// checkFault looks at the k-th fix of a fault, the i-th of the recording, whose receiver knows each place.
func checkFault(t *rapid.T, r *Recording, fault Fault, k, i, first int) {
	f := &r.Fixes[i]
	at := r.At(i)
	off := truth.Distance(place(f), at)
	near := func(metres float64) bool { return math.Abs(off-metres) < 0.02+metres*0.01 }
	ok := true
	switch fault.Kind {
	case Jump, Twin:
		ok = near(fault.Metres)
	case Scatter:
		ok = off < fault.Metres*1.01 && off > fault.Metres*0.29
	case Drift:
		over := fault.Fixes
		if over == 0 {
			over = 60
		}
		ok = near(fault.Metres * min(1, float64(k+1)/float64(over)))
	case Wander:
		ok = off < 6*fault.Metres
	case Frozen:
		before := slices.IndexFunc(r.Fixes, func(f argos.Fix) bool { return f.Seq == int64(fault.From-1) })
		ok = place(f) == place(&r.Fixes[before])
	case Far:
		ok = place(f) == place(&r.Fixes[first]) && off > 0
	case Null:
		ok = f.Lat == 0 && f.Lon == 0
	case Pole:
		ok = f.Lat == 90 && f.Lon == 180
	case Meridian:
		ok = f.Lon == 0 && math.Abs(f.Lat-at.Lat) < 1e-6
	case Mirrored:
		ok = math.Abs(f.Lon+at.Lon) < 1e-6 && math.Abs(f.Lat-at.Lat) < 1e-6
	case Clock:
		ok = f.Time-r.Taken[i] == int64(fault.Seconds*1000) && near(0)
	case Late:
		late := r.Recv[i] - f.Time - int64(fault.Seconds*1000)
		ok = near(0) && late > 30 && late < 700
	case Repeat:
		ok = near(0) && f.Time == r.Taken[i]
	case NoFix:
		ok = !f.Valid
	}
	if !ok {
		t.Fatalf("%s: fix %d of it is %+v, %.1f m off", fault.Kind, k, *f, off)
	}
}

// TestOutages: what was held back comes together once the network is back: in order, or the newest first.
func TestOutages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]FaultKind{Outage, Backlog}).Draw(t, "kind")
		from, n := rapid.IntRange(1, 100).Draw(t, "from"), rapid.IntRange(2, 90).Draw(t, "n")
		r := Scenario{
			Seed: rapid.Uint64().Draw(t, "seed"), Drive: City, Duration: 200 * time.Second,
			Faults: []Fault{{Kind: kind, From: from, Fixes: n}},
		}.Record()
		var seqs []int64
		for i, label := range r.Label {
			if label == string(kind) {
				seqs = append(seqs, r.Fixes[i].Seq)
			}
			if i > 0 && r.Recv[i]-r.Taken[i] > 500 && label == "" {
				t.Fatalf("fix %d comes %d ms late", i, r.Recv[i]-r.Taken[i])
			}
		}
		if kind == Backlog {
			if live := r.Fixes[from].Seq; live != int64(from+n) {
				t.Fatalf("after the silence %d comes first", live)
			}
			slices.Reverse(seqs)
		}
		if len(seqs) != n || !slices.IsSorted(seqs) {
			t.Fatalf("%d of %d, in order %v", len(seqs), n, seqs)
		}
	})
}

// TestReports come when they are due: so often, so far apart, or after a turn.
func TestReports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Scenario{
			Seed: rapid.Uint64().Draw(t, "seed"), Drive: City, Duration: 30 * time.Minute,
			Reporting: Reporting{
				Every:  rapid.SampledFrom([]float64{0, 0.1, 0.2, 1, 5, 10, 30, 60, 300}).Draw(t, "every"),
				Metres: rapid.SampledFrom([]float64{0, 50, 200, 1000}).Draw(t, "metres"),
				Turn:   rapid.SampledFrom([]float64{0, 15}).Draw(t, "turn"),
			},
		}
		r := c.Record()
		every, exactly := c.Reporting.Every, c.Reporting.Metres == 0 && c.Reporting.Turn == 0
		if every == 0 && exactly {
			every = 1
		}
		turns := 0
		for i := 1; i < len(r.Taken); i++ {
			waited := float64(r.Taken[i]-r.Taken[i-1]) / 1000
			gone := way(r.Truth, r.Taken[i-1], r.Taken[i])
			if exactly && math.Abs(waited-every) > 1e-9 || every > 0 && waited > every+1e-9 {
				t.Fatalf("report %d comes after %v s", i, waited)
			}
			if m := c.Reporting.Metres; m > 0 {
				if gone > m+4 {
					t.Fatalf("report %d comes after %.1f m", i, gone)
				}
				if early := every == 0 || waited < every-1e-9; c.Reporting.Turn == 0 && early && gone < m-1 {
					t.Fatalf("report %d comes after %.1f m and %v s", i, gone, waited)
				}
			}
			short := c.Reporting.Metres == 0 || gone < c.Reporting.Metres-1
			if c.Reporting.Turn > 0 && every > 2 && waited < every && short {
				turns++
			}
		}
		if c.Reporting.Turn > 0 && every >= 30 && c.Reporting.Metres != 50 && turns == 0 {
			t.Fatal("no report of a turn")
		}
		if len(r.Fixes) < 2 && c.Reporting.Every < 60 && c.Reporting.Metres < 1000 {
			t.Fatalf("%d reports", len(r.Fixes))
		}
	})
}

// way is how far the truck went between two times, m.
func way(track truth.Track, from, to int64) (sum float64) {
	i, _ := slices.BinarySearchFunc(track, from, func(r truth.Row, tMs int64) int { return cmp.Compare(r.TMs, tMs) })
	for i++; i < len(track) && track[i].TMs <= to; i++ {
		sum += truth.Distance(track[i-1].Pos, track[i].Pos)
	}
	return sum
}

// TestFaultsAdd: two at once are both done and both told.
func TestFaultsAdd(t *testing.T) {
	r := Scenario{Seed: 1, Faults: []Fault{
		{Kind: Jump, From: 10, Fixes: 5, Metres: 100},
		{Kind: Clock, From: 12, Fixes: 1, Seconds: WeekRollover},
	}}.Record()
	if r.Label[12] != "jump+clock" || r.Fixes[12].Time != r.Taken[12]+WeekRollover*1000 {
		t.Errorf("%q, %+v", r.Label[12], r.Fixes[12])
	}
	if r.Good[12] || !r.Good[9] || !r.Good[15] {
		t.Error(r.Good[9:16])
	}
}
