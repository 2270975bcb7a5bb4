package sim

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

// anyScenario draws one of each kind of drive, receiver, reporting and fault.
func anyScenario(t *rapid.T) Scenario {
	c := Scenario{
		Seed:     rapid.Uint64().Draw(t, "seed"),
		Drive:    rapid.SampledFrom(DriveKinds).Draw(t, "drive"),
		Duration: time.Duration(rapid.IntRange(60, 900).Draw(t, "duration")) * time.Second,
		Nights:   rapid.IntRange(0, 2).Draw(t, "nights"),
		Carried:  rapid.Bool().Draw(t, "carried"),
		Receiver: Receiver{
			White: rapid.SampledFrom([]float64{0, 1, 3}).Draw(t, "white"),
			Slow:  rapid.SampledFrom([]float64{0, 2}).Draw(t, "slow"),
			Lag:   rapid.SampledFrom([]float64{0, 0.2, 0.6}).Draw(t, "lag"), Hold: rapid.Bool().Draw(t, "hold"),
			Grid:  rapid.SampledFrom([]float64{0, GridNMEA, Grid5, Grid4}).Draw(t, "grid"),
			Speed: rapid.Bool().Draw(t, "speed"), Course: rapid.Bool().Draw(t, "course"), Doppler: 0.1,
			Unit:     rapid.SampledFrom([]float64{0, Knots, MPH, KMH}).Draw(t, "unit"),
			Wheels:   rapid.SampledFrom([]float64{0, 0.97, 1.03}).Draw(t, "wheels"),
			Accuracy: rapid.SampledFrom([]Claim{NoClaim, Honest, Constant, TooSmall}).Draw(t, "claim"), HDOP: true,
		},
		Reporting: Reporting{
			Every:  rapid.SampledFrom([]float64{0, 0.1, 0.2, 1, 2, 5, 10, 30, 60, 300}).Draw(t, "every"),
			Metres: rapid.SampledFrom([]float64{0, 50, 200, 1000}).Draw(t, "metres"),
			Turn:   rapid.SampledFrom([]float64{0, 15}).Draw(t, "turn"),
		},
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		c.Faults = append(c.Faults, Fault{
			Kind: rapid.SampledFrom(FaultKinds).Draw(t, "kind"), From: rapid.IntRange(0, 200).Draw(t, "from"),
			Fixes: rapid.IntRange(0, 60).Draw(t, "fixes"), Metres: rapid.Float64Range(1, 800).Draw(t, "m"),
			Seconds: rapid.Float64Range(-600, 600).Draw(t, "s"),
		})
	}
	return c
}

func place(f *argos.Fix) argos.LatLon { return argos.LatLon{Lat: f.Lat, Lon: f.Lon} }

// TestScenarios: each is the same each time, each fix can be sent, arrival is in order, and a good fix is near the
// truth.
func TestScenarios(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyScenario(t)
		r, again := c.Record(), c.Record()
		if !slices.EqualFunc(r.Fixes, again.Fixes, same) || !slices.Equal(r.Recv, again.Recv) ||
			!slices.Equal(r.Truth, again.Truth) {
			t.Fatal("not the same again")
		}
		v, at := speeds(r.Truth)
		for i := 1; i < len(v); i++ {
			if a := (v[i] - v[i-1]) * 10; at[i]-at[i-1] == 100 && (a > 1.3 || a < -6.7) {
				t.Fatalf("%.1f m/s2 at %.1f m/s", a, v[i-1])
			}
		}
		for i := range r.Fixes {
			f := &r.Fixes[i]
			f.ForgetUnknown() // a receiver without a fix says HDOP 99.9
			if err := f.Check(); err != nil && !strings.Contains(r.Label[i], string(Clock)) {
				t.Fatal(err)
			}
			if i > 0 && r.Recv[i] < r.Recv[i-1] {
				t.Fatalf("%d arrives before %d", i, i-1)
			}
			if _, known := r.Truth.At(r.Taken[i]); !known {
				t.Fatalf("fix %d: no truth", i)
			}
			if r.Good[i] != (r.Label[i] == "") {
				t.Fatalf("fix %d: good is %v, label %q", i, r.Good[i], r.Label[i])
			}
			if !r.Good[i] {
				continue
			}
			if off := truth.Distance(place(f), r.At(i)); off > 6*r.Sigma[i]+0.02 {
				t.Fatalf("good fix %d is %.1f m off, sigma %.1f", i, off, r.Sigma[i])
			}
			if f.Time != r.Taken[i] || r.Recv[i]-f.Time < 40 || r.Recv[i]-f.Time > 1000 {
				t.Fatalf("good fix %d: %d, taken %d, received %d", i, f.Time, r.Taken[i], r.Recv[i])
			}
			if moved := math.IsNaN(f.Speed); moved == c.Receiver.Speed {
				t.Fatalf("fix %d has speed %v", i, f.Speed)
			}
		}
	})
}
