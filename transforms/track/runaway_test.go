package track

import (
	"math"
	"math/rand/v2"
	"testing"

	"argos"
)

// brakes is a truck that drives east, brakes to a standstill after half a minute or five fixes, and stands.
func brakes(rng *rand.Rand, v0, brake, interval, sigma float64, speeds bool) (rs []argos.Record, truth [][2]float64) {
	start := math.Max(30, 8*interval)
	stop := v0 / brake
	for i := range int(math.Ceil((start+stop)/interval)) + 40 {
		t := float64(i) * interval
		x, v := v0*t, v0
		if s := t - start; s > 0 {
			s = math.Min(s, stop)
			x, v = v0*start+v0*s-brake*s*s/2, v0-brake*s
		}
		r := at(t, x+sigma*rng.NormFloat64(), sigma*rng.NormFloat64())
		if speeds {
			r.Speed, r.Heading = math.Max(0, v+0.1*rng.NormFloat64()), 90
		}
		rs = append(rs, r)
		truth = append(truth, [2]float64{x, 0})
	}
	return rs, truth
}

// TestBrakingDoesNotRunAway: however hard a truck brakes, the document does not drive on.
func TestBrakingDoesNotRunAway(t *testing.T) {
	for _, speeds := range []bool{false, true} {
		for _, interval := range []float64{0.1, 0.2, 1, 2, 5, 10, 30, 60} {
			for _, sigma := range []float64{0.05, 0.5, 3, 6} {
				for _, brake := range []float64{1, 2.5, 4, 6} {
					worst := 0.0
					for seed := range uint64(10) {
						rs, truth := brakes(rand.New(rand.NewPCG(seed, 1)), 28, brake, interval, sigma, speeds)
						var tr Track
						var d argos.Truck
						for i := range rs {
							tr.Fold(&rs[i], pos(i))
							tr.Fill(&d)
							e, n := from(&d)
							worst = math.Max(worst, math.Hypot(e-truth[i][0], n-truth[i][1]))
						}
					}
					if worst > 5.5*math.Max(usual.Sigma*math.Sqrt(usual.White), sigma) {
						t.Errorf(
							"interval %v s, noise %v m, brakes %v m/s², speeds %v: worst %.1f m",
							interval,
							sigma,
							brake,
							speeds,
							worst,
						)
					}
				}
			}
		}
	}
}
