package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

var start = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// arrivals are a fleet's fixes up to a time after the start.
func arrivals(f *Fleet, until time.Duration) (fixes []argos.Fix, at []time.Duration) {
	for {
		fix, when := f.Next()
		if when > until {
			return fixes, at
		}
		fixes, at = append(fixes, fix), append(at, when)
	}
}

// TestATruckIsTheSameInEveryFleet: the seed and the truck's number decide, not the fleet.
func TestATruckIsTheSameInEveryFleet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			Seed: rapid.Uint64().Draw(t, "seed"), RateHz: rapid.SampledFrom([]float64{0.1, 1, 3, 10}).Draw(t, "rate"),
			Start: start, NoFaults: rapid.Bool().Draw(t, "calm"), Trucks: rapid.IntRange(1, 4).Draw(t, "small"),
			Mixed: rapid.Bool().Draw(t, "mixed"),
		}
		large := cfg
		large.Trucks = rapid.IntRange(cfg.Trucks, 12).Draw(t, "large")
		until := time.Duration(200 / cfg.RateHz * float64(time.Second))
		a, atA := arrivals(New(cfg), until)
		all, atAll := arrivals(New(large), until)
		var b []argos.Fix
		var atB []time.Duration
		for i, f := range all {
			if slices.ContainsFunc(a, func(x argos.Fix) bool { return x.TruckID == f.TruckID }) {
				b, atB = append(b, f), append(atB, atAll[i])
			}
		}
		if !slices.EqualFunc(a, b, same) || !slices.Equal(atA, atB) {
			t.Fatalf("%d fixes of %d trucks alone, %d in a fleet of %d", len(a), cfg.Trucks, len(b), large.Trucks)
		}
	})
}

func same(a, b argos.Fix) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// TestEveryFixCanBeSent: in order of arrival, none before it was taken, none that its own Check refuses, no number
// twice. Without faults each truck's fixes are also in order and on time.
func TestEveryFixCanBeSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			Trucks: rapid.IntRange(1, 20).Draw(t, "trucks"), Seed: rapid.Uint64().Draw(t, "seed"), Start: start,
			RateHz: rapid.SampledFrom([]float64{0.2, 1, 10}).Draw(t, "rate"), NoFaults: rapid.Bool().Draw(t, "calm"),
		}
		fixes, at := arrivals(New(cfg), time.Duration(100/cfg.RateHz*float64(time.Second)))
		type number struct {
			id  string
			seq int64
		}
		seen, last := map[number]bool{}, map[string]argos.Fix{}
		for i, f := range fixes {
			f.ForgetUnknown() // a receiver without a fix says HDOP 99.9
			if err := f.Check(); err != nil {
				t.Fatal(err)
			}
			if i > 0 && at[i] < at[i-1] {
				t.Fatalf("%v arrives after %v", at[i-1], at[i])
			}
			if n := (number{f.TruckID, f.Seq}); seen[n] {
				t.Fatalf("number %v twice", n)
			} else {
				seen[n] = true
			}
			if f.Seq < start.UnixMilli()<<10 {
				t.Fatalf("seq %d", f.Seq)
			}
			travel := at[i] - time.UnixMilli(f.Time).Sub(start)
			wrongClock := travel > 30*24*time.Hour || travel < -30*time.Minute
			if !wrongClock && (travel < 40*time.Millisecond || cfg.NoFaults && travel > time.Second) {
				t.Fatalf("%v after it was taken", travel)
			}
			prev, ok := last[f.TruckID]
			if cfg.NoFaults && (!f.Valid || wrongClock || ok && (f.Time <= prev.Time || f.Seq != prev.Seq+1)) {
				t.Fatalf("%+v after %+v", f, prev)
			}
			last[f.TruckID] = f
		}
		if cfg.NoFaults && len(last) != cfg.Trucks {
			t.Fatalf("%d trucks of %d were heard", len(last), cfg.Trucks)
		}
	})
}

// TestMixedFleets report once in 1 to 300 s, each truck as it does, and are silent for a night a day.
func TestMixedFleets(t *testing.T) {
	f := New(Config{Trucks: 30, Seed: 2, Start: start, Mixed: true, NoFaults: true})
	fixes, _ := arrivals(f, 48*time.Hour)
	last, nights, every := map[string]int64{}, map[string]int{}, map[float64]int{}
	for _, fix := range fixes {
		id := fix.TruckID
		if before, ok := last[id]; ok {
			switch gap := float64(fix.Time-before) / 1000; {
			case gap > 5.9*3600:
				nights[id]++
				if gap > 10*3600+600 {
					t.Fatalf("%s is silent for %v s", id, gap)
				}
			case nights[id] == 0:
				every[gap]++
			}
		}
		last[id] = fix.Time
	}
	for gap := range every {
		if !slices.Contains(intervals, gap) {
			t.Errorf("a fix %v s after the one before", gap)
		}
	}
	if len(every) != 6 {
		t.Errorf("intervals: %v", every)
	}
	for id := range last {
		if n := nights[id]; n < 1 || n > 4 {
			t.Errorf("%s: %d nights in two days", id, n)
		}
	}
}

// TestEveryFaultHappens, and no more often than it should, in a fleet's hour.
func TestEveryFaultHappens(t *testing.T) {
	f := New(Config{Trucks: 60, Seed: 5, Start: start})
	fixes, _ := arrivals(f, time.Hour)
	count := map[string]int{}
	last := map[string]argos.Fix{}
	for _, fix := range fixes {
		prev, ok := last[fix.TruckID]
		last[fix.TruckID] = fix
		at, known := f.TruthAt(fix.TruckID, fix.Time)
		off := truth.Distance(at, argos.LatLon{Lat: fix.Lat, Lon: fix.Lon})
		switch {
		case !known:
			count["wrong clock"]++
		case !fix.Valid:
			count["no fix"]++
		case fix.Lat == 0 && fix.Lon == 0:
			count["null island"]++
		case ok && fix.Time == prev.Time && fix.Lat == prev.Lat:
			count["repeated"]++
		case ok && fix.Time < prev.Time:
			count["overtaken"]++
		case off > 100:
			count["jump"]++
		case off > 15:
			count["off the road"]++
		case fix.Lat == prev.Lat && fix.Speed > 3:
			count["frozen"]++
		}
	}
	total := float64(len(fixes))
	for name, share := range map[string][2]float64{
		"wrong clock": {1e-5, 2e-3}, "no fix": {2e-3, 4e-2}, "null island": {1e-5, 2e-3}, "repeated": {2e-3, 2e-2},
		"overtaken": {3e-3, 5e-2}, "jump": {1e-3, 2e-2}, "off the road": {5e-3, 8e-2}, "frozen": {1e-4, 1e-2},
	} {
		if s := float64(count[name]) / total; s < share[0] || s > share[1] {
			t.Errorf("%s: %d of %d fixes", name, count[name], len(fixes))
		}
	}
	t.Log(len(fixes), count)
	if n := 60 * 3600; len(fixes) < n*95/100 || len(fixes) > n*103/100 {
		t.Errorf("%d fixes in 60 truck hours", len(fixes))
	}
}

func TestTruthIsBounded(t *testing.T) {
	f := New(Config{Trucks: 2, RateHz: 1, Seed: 1, Start: start})
	for range 2 * 4000 {
		f.Next()
	}
	track := f.Truth("T-00002")
	if len(track) != 3600 {
		t.Errorf("%d rows", len(track))
	}
	for i, r := range track {
		if at, ok := f.TruthAt("T-00002", r.TMs); !ok || at != r.Pos {
			t.Fatalf("row %d: %v %v, want %v", i, at, ok, r.Pos)
		}
		if i > 0 && r.TMs-track[i-1].TMs != 1000 {
			t.Fatalf("row %d is %d ms after the one before", i, r.TMs-track[i-1].TMs)
		}
	}
	between, ok := f.TruthAt("T-00002", track[9].TMs+400)
	if want, _ := track.At(track[9].TMs + 400); !ok || between != want {
		t.Errorf("between rows: %v %v, want %v", between, ok, want)
	}
	for _, id := range []string{"T-00003", "T-0", "X-00001", ""} {
		if _, ok := f.TruthAt(id, track[0].TMs); ok || f.Truth(id) != nil {
			t.Errorf("truck %q is known", id)
		}
	}
	if _, ok := f.TruthAt("T-00002", track[0].TMs-1); ok {
		t.Error("truth from before the first row")
	}
}

func BenchmarkNext(b *testing.B) {
	for _, trucks := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(trucks, " trucks"), func(b *testing.B) {
			f := New(Config{Trucks: trucks, Seed: 1, Start: start})
			b.ReportAllocs()
			for b.Loop() {
				f.Next()
			}
		})
	}
}

// TestBacklogsAreGivenBack: the memory of what an outage held back does not stay with each truck.
func TestBacklogsAreGivenBack(t *testing.T) {
	f := New(Config{Trucks: 20, RateHz: 10, Seed: 1, Start: time.Unix(1_700_000_000, 0)})
	most := 0
	for at := time.Duration(0); at < 20*time.Minute; {
		_, at = f.Next()
		for _, truck := range f.trucks {
			most = max(most, len(truck.pending))
			if n := len(truck.pending); n <= fewPending && cap(truck.pending) > 4*fewPending {
				t.Fatalf("after %v, %d messages are in a place for %d", at, n, cap(truck.pending))
			}
		}
	}
	if most <= 4*fewPending {
		t.Fatalf("no outage held back more than %d", most)
	}
}
