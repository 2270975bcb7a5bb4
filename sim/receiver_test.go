package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"argos"
	"argos/truth"
)

// errs are the errors of a recording's good fixes east and north, m; and in units of what the receiver says.
func errs(r *Recording) (metres, sigmas []float64) {
	for i := range r.Fixes {
		if r.Good[i] {
			p := planeAt(r.At(i))
			e := p.vec(place(&r.Fixes[i]))
			metres = append(metres, e.x, e.y)
			sigmas = append(sigmas, e.x/r.Sigma[i], e.y/r.Sigma[i])
		}
	}
	return metres, sigmas
}

// TestGoodFixesErrAsTold: the errors of good fixes have the sigma that the recording tells, whatever the receiver.
func TestGoodFixesErrAsTold(t *testing.T) {
	for name, r := range map[string]Receiver{
		"white":    {White: 3},
		"slow":     {Slow: 2, SlowTau: 10},
		"both":     {White: 1, Slow: 2},
		"filtered": {White: 2, Lag: 0.2},
		"holds":    {White: 2, Hold: true},
		"coarse":   {White: 1, Grid: Grid4},
		"nmea":     {White: 1, Grid: GridNMEA},
	} {
		t.Run(name, func(t *testing.T) {
			var all []float64
			for seed := range uint64(8) {
				_, sigmas := errs(Scenario{Seed: seed, Drive: City, Duration: time.Hour, Receiver: r}.Record())
				all = append(all, sigmas...)
			}
			mean, dev := stat.MeanStdDev(all, nil)
			if math.Abs(mean) > 0.15 || dev < 0.8 || dev > 1.15 {
				t.Errorf("errors are %.2f sigma on average, and spread %.2f", mean, dev)
			}
		})
	}
}

// TestReceiversDoWhatTheySay: grids, held places, units, wheels, claims.
func TestReceiversDoWhatTheySay(t *testing.T) {
	noise := Receiver{White: 2, Slow: 1, Speed: true, Course: true}
	record := func(change func(*Receiver)) *Recording {
		r := noise
		change(&r)
		return Scenario{Seed: 4, Drive: City, Duration: time.Hour, Receiver: r}.Record()
	}
	for _, grid := range []float64{Grid4, Grid5, GridNMEA} {
		for _, f := range record(func(r *Receiver) { r.Grid = grid }).Fixes {
			if off := math.Abs(f.Lat*grid - math.Round(f.Lat*grid)); off > 1e-4 {
				t.Fatalf("lat %v is not on the grid of %v", f.Lat, grid)
			}
		}
	}
	held := record(func(r *Receiver) { r.Hold = true })
	for i := 1; i < len(held.Fixes); i++ {
		same, stood := place(&held.Fixes[i]) == place(&held.Fixes[i-1]), held.Stood[i] >= 1 && held.Stood[i-1] > 0
		if same != stood {
			t.Fatalf("after %.1f s of standing the place is the same: %v", held.Stood[i], same)
		}
	}
	for _, unit := range []float64{1, Knots, MPH, KMH} {
		r := record(func(r *Receiver) { r.Unit = unit })
		for i, f := range r.Fixes {
			if math.Abs(f.Speed-r.Speed[i]*unit) > 0.01 {
				t.Fatalf("%v is told of %v m/s", f.Speed, r.Speed[i])
			}
			if course := !math.IsNaN(f.Heading); course != (r.Speed[i] > hasCourse) {
				t.Fatalf("a course at %v m/s: %v", r.Speed[i], course)
			}
		}
	}
	wheels := record(func(r *Receiver) { r.Wheels = 1.03 })
	for i, f := range wheels.Fixes {
		if math.Abs(f.Speed-1.03*wheels.Speed[i]) > 0.01 {
			t.Fatalf("the wheels say %v at %v m/s", f.Speed, wheels.Speed[i])
		}
	}
	within := func(claim Claim) (share float64) {
		r := record(func(r *Receiver) { r.Accuracy = claim })
		for i := range r.Fixes {
			if truth.Distance(place(&r.Fixes[i]), r.At(i)) < r.Fixes[i].Accuracy {
				share += 1 / float64(len(r.Fixes))
			}
		}
		return share
	}
	honest, small, none := within(Honest), within(TooSmall), within(NoClaim)
	if honest < 0.6 || honest > 0.76 || small > 0.15 || none != 0 {
		t.Errorf("%.2f, %.2f and %.2f of the errors are within the claim", honest, small, none)
	}
}

// TestLagIsBehind: a filtering receiver is so far behind along the way, and not at all once the truck stands.
func TestLagIsBehind(t *testing.T) {
	const lag = 0.5
	r := Scenario{Seed: 2, Drive: Straight, Duration: 20 * time.Minute, Receiver: Receiver{Lag: lag}}.Record()
	for i := range r.Fixes {
		if off := truth.Distance(place(&r.Fixes[i]), r.At(i)); math.Abs(off-lag*r.Speed[i]) > 0.02+0.002*off {
			t.Fatalf("%.2f m behind at %.2f m/s", off, r.Speed[i])
		}
	}
}

// TestAnyPlace: the same drive gives the same errors in metres wherever on earth it is, across the antimeridian too.
func TestAnyPlace(t *testing.T) {
	for _, origin := range []argos.LatLon{
		{Lat: 0.01, Lon: 179.999}, {Lat: -33.9, Lon: -70.6}, {Lat: 69.6, Lon: 18.9}, {Lat: 51.5, Lon: 0.001},
	} {
		r := Scenario{Seed: 7, Drive: Ramps, Duration: time.Hour, Origin: origin, Receiver: Receiver{White: 2}}.Record()
		for i := range r.Fixes {
			if err := r.Fixes[i].Check(); err != nil {
				t.Fatal(err)
			}
			if off := truth.Distance(place(&r.Fixes[i]), r.At(i)); off > 12 {
				t.Fatalf("%v: %.1f m off", r.At(i), off)
			}
		}
		v, _ := speeds(r.Truth)
		if fastest := slices.Max(v); fastest > 30.1 {
			t.Errorf("%v: %.1f m/s", origin, fastest)
		}
	}
}
