package track_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"argos"
	"argos/sim"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

// answer is what the document says of a fix.
type answer struct {
	off    float64 // m from where the truck really was when the fix was taken
	report float64 // m, the same of the fix itself
	doc    argos.Truck
}

// answers folds a recording, live or as one.
func answers(r *sim.Recording, recorded bool) []answer {
	out := make([]answer, len(r.Fixes))
	var t track.Track
	for i, rec := range r.Records(recorded) {
		t.Fold(&rec, argos.Pos{Next: int64(i) + 1})
		a := &out[i]
		t.Fill(&a.doc)
		at := r.At(i)
		a.off = truth.Distance(at, argos.LatLon{Lat: a.doc.Lat, Lon: a.doc.Lon})
		a.report = truth.Distance(at, argos.LatLon{Lat: rec.Lat, Lon: rec.Lon})
	}
	return out
}

// believed is the noise that a receiver is taken to have before it is known, m per axis.
var believed = track.Usual().Sigma * math.Sqrt(track.Usual().White)

// Whatever a truck does, however often it reports, it does not run away: with no fault at all no document is further
// off than noise goes.
func TestNothingRunsAway(t *testing.T) {
	for _, kind := range []sim.DriveKind{sim.Straight, sim.Roundabouts, sim.Ramps, sim.Yard, sim.City, sim.StopAndGo} {
		for _, every := range []float64{0.1, 1, 2, 5, 30, 60, 300, 3600} {
			for _, r := range []sim.Receiver{
				{White: 3},
				{White: 3, Speed: true, Course: true, Doppler: 0.1},
				{White: 0.3, Slow: 2},
				{White: 1, Lag: 0.4, Speed: true, Course: true},
			} {
				worst, raw := 0.0, 0.0
				for seed := range uint64(3) {
					length := time.Duration(max(600, 40*every) * float64(time.Second))
					rec := sim.Scenario{
						Seed:      seed,
						Drive:     kind,
						Duration:  length,
						Receiver:  r,
						Reporting: sim.Reporting{Every: every},
					}.Record()
					for i, a := range answers(rec, false) {
						sigma := max(believed, rec.Sigma[i])
						worst, raw = max(worst, a.off/sigma), max(raw, a.report/sigma)
					}
				}
				if worst > 6+raw {
					t.Errorf("%s, each %v s, %+v: worst %.1f sigma, raw %.1f", kind, every, r, worst, raw)
				}
			}
		}
	}
}

// burst is what multipath or a clock does for a while.
func burst(rng *rand.Rand) sim.Fault {
	kinds := []sim.FaultKind{
		sim.Jump,
		sim.Scatter,
		sim.Drift,
		sim.Frozen,
		sim.Mirrored,
		sim.Null,
		sim.Meridian,
		sim.Pole,
		sim.Lost,
	}
	return sim.Fault{
		Kind: kinds[rng.IntN(len(kinds))], From: 5 + rng.IntN(245), Fixes: 1 + rng.IntN(60),
		Metres: 60 + 740*rng.Float64(),
	}
}

// Whatever the track believes, ten good fixes in a row bring it back to within five sigmas of them: but for a few that
// braking as hard as can be takes further for a moment, and none of those runs away.
func TestTenGoodFixesBringATruckBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 26))
	fixes, beyond := 0, 0
	for n := range 400 {
		c := sim.Scenario{
			Seed: rng.Uint64(), Drive: sim.DriveKinds[rng.IntN(len(sim.DriveKinds))], Duration: 300 * time.Second,
			Receiver: sim.Receiver{White: 0.3 + 4.7*rng.Float64(), Doppler: 0.1},
		}
		c.Receiver.Speed = n%3 > 0
		c.Receiver.Course = n%3 == 2
		for range 1 + rng.IntN(3) {
			c.Faults = append(c.Faults, burst(rng))
		}
		r := c.Record()
		good := 0
		for i, a := range answers(r, false) {
			if good++; !r.Good[i] {
				good = 0
			}
			if good < 10 {
				continue
			}
			fixes++
			if a.off > 5*max(believed, r.Sigma[i]) {
				beyond++
			}
			if a.off > 60 {
				t.Fatalf(
					"%+v: fix %d, the %dth good one: %.0f m off (reported %.1f, claimed %.1f, %s)",
					c,
					i,
					good,
					a.off,
					a.report,
					a.doc.Accuracy,
					a.doc.Status,
				)
			}
		}
	}
	t.Logf("%d of %d are more than five sigmas off", beyond, fixes)
	if beyond > fixes/500 {
		t.Errorf("%d of %d are more than five sigmas off", beyond, fixes)
	}
}

// Speeds in another unit do no harm after a minute, however the positions scatter.
func TestUnitsAreFoundOut(t *testing.T) {
	for name, unit := range map[string]float64{"knots": sim.Knots, "mph": sim.MPH, "km/h": sim.KMH, "m/s": 1} {
		for _, white := range []float64{1, 3, 5} {
			var off, raw float64
			for seed := range uint64(5) {
				r := sim.Scenario{
					Seed: seed, Drive: sim.City, Duration: 15 * time.Minute,
					Receiver: sim.Receiver{White: white, Speed: true, Course: true, Doppler: 0.1, Unit: unit},
				}.Record()
				for i, a := range answers(r, false) {
					if r.Taken[i]-r.Taken[0] > 60_000 {
						off, raw = off+a.off, raw+a.report
					}
				}
			}
			t.Logf("%s, noise %v m: %.2f times raw", name, white, off/raw)
			if off > 1.2*raw {
				t.Errorf("%s, noise %v m: %.2f times raw", name, white, off/raw)
			}
		}
	}
}

// Places where no truck is are left out, or in doubt with a claim that holds: three claimed sigmas, of where it was at
// the document's time.
func TestPlacesWhereNoTruckIs(t *testing.T) {
	for _, kind := range []sim.FaultKind{sim.Null, sim.Pole, sim.Meridian, sim.Mirrored, sim.Far} {
		for _, every := range []float64{1, 10, 60} {
			for _, fixes := range []int{1, 5, 40, 200} {
				for _, recorded := range []bool{false, true} {
					r := sim.Scenario{
						Seed: 7, Drive: sim.City, Duration: time.Duration(600*every) * time.Second,
						Receiver: sim.Receiver{White: 2},
						Reporting: sim.Reporting{
							Every: every,
						}, Faults: []sim.Fault{{Kind: kind, From: 200, Fixes: fixes, Metres: 58_000}},
					}.Record()
					for i, a := range answers(r, recorded) {
						at, ok := r.Truth.At(a.doc.Time)
						off := truth.Distance(at, argos.LatLon{Lat: a.doc.Lat, Lon: a.doc.Lon})
						if ok && off > max(5*believed, 3*a.doc.Accuracy) {
							t.Errorf(
								"%s, %d fixes each %v s, recorded %v: "+
									"fix %d (%s) is answered %.0f m off, %s, claiming %.0f m",
								kind,
								fixes,
								every,
								recorded,
								i,
								r.Label[i],
								off,
								a.doc.Status,
								a.doc.Accuracy,
							)
							break
						}
					}
				}
			}
		}
	}
}

// Drives are smoothed from the first of the fixes that moved them on: no coasting of a filter that was wrong is shown
// as the truth.
func TestReplayRunsNowhere(t *testing.T) {
	for _, every := range []float64{1, 2} {
		for seed := range uint64(10) {
			r := sim.Scenario{
				Seed: seed, Drive: sim.Straight, Speed: 25, Brake: 6, Duration: 10 * time.Minute,
				Receiver:  sim.Receiver{White: 3},
				Reporting: sim.Reporting{Every: every},
				Faults: []sim.Fault{
					{Kind: sim.Jump, From: 20, Fixes: 30, Metres: 400},
					{Kind: sim.Backlog, From: 70, Fixes: 25},
				},
			}.Record()
			s := smooth.Drive(r.Records(true))
			for i := range r.Fixes {
				e, ok := s.Row(i)
				if off := truth.Distance(r.At(i), argos.LatLon{Lat: e.Lat, Lon: e.Lon}); ok &&
					r.Label[i] != string(sim.Jump) &&
					off > 25 {
					t.Errorf("each %v s, seed %d: row %d (%s) is %.0f m off", every, seed, i, r.Label[i], off)
					break
				}
			}
		}
	}
}
