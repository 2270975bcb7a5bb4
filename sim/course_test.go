package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

// speeds are those of a track, m/s, and the time in ms in the middle of each step; steps across a silence are left out.
func speeds(track truth.Track) (v []float64, at []int64) {
	for i := 1; i < len(track); i++ {
		if dt := track[i].TMs - track[i-1].TMs; dt <= truth.MaxGap {
			v = append(v, truth.Distance(track[i-1].Pos, track[i].Pos)/float64(dt)*1000)
			at = append(at, (track[i].TMs+track[i-1].TMs)/2)
		}
	}
	return v, at
}

// TestBrakingIsAsHardAsAsked: on a straight road the truck goes v0 until it brakes to standstill with what was asked,
// and the true track shows it.
func TestBrakingIsAsHardAsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Scenario{
			Seed: rapid.Uint64().Draw(t, "seed"), Drive: Straight, Duration: 5 * time.Minute,
			Speed: rapid.Float64Range(8, 30).Draw(t, "v0"), Brake: rapid.Float64Range(1, 6).Draw(t, "brake"),
			Reporting: Reporting{Every: 0.1},
		}
		r := c.Record()
		if math.Abs(r.Speed[0]-c.Speed) > 1e-9 {
			t.Fatalf("begins at %v m/s, not %v", r.Speed[0], c.Speed)
		}
		braked, hardest, stops := 0, 0.0, 0
		for i := 1; i < len(r.Fixes); i++ {
			a := (r.Speed[i-1] - r.Speed[i]) / 0.1
			if r.Speed[i] > 0 { // the last step ends at the stop, wherever that is within it
				hardest = max(hardest, a)
			}
			if math.Abs(a-c.Brake) < 0.02 {
				braked++
			}
			if r.Stood[i] > 0 && r.Stood[i-1] == 0 {
				stops++
			}
		}
		steps := c.Speed / c.Brake * 10
		if stops == 0 || float64(braked) < 0.8*(steps-3)*float64(stops) || hardest > c.Brake+0.02 {
			t.Fatalf("%d stops; %d steps of 0.1 s with %.2f m/s2, %.0f a stop expected; hardest %.2f",
				stops, braked, c.Brake, steps, hardest)
		}
		v, _ := speeds(r.Truth)
		if most := slices.Max(v); math.Abs(most-c.Speed) > 0.01*c.Speed {
			t.Fatalf("the true track goes %.2f m/s, not %.2f", most, c.Speed)
		}
	})
}

// TestDrivesAreWhatTheyAreCalled looks at the true track of each kind of drive.
func TestDrivesAreWhatTheyAreCalled(t *testing.T) {
	for _, c := range []struct {
		kind     DriveKind
		fastest  [2]float64 // m/s
		standing [2]float64 // share of the rows' time
		turned   float64    // rad at least, all together, in an hour
	}{
		{Straight, [2]float64{20, 30.1}, [2]float64{0.1, 0.6}, 0},
		{Roundabouts, [2]float64{12, 17.1}, [2]float64{0.01, 0.4}, 60},
		{Ramps, [2]float64{18, 30.1}, [2]float64{0.01, 0.4}, 30},
		{Yard, [2]float64{2, 3.01}, [2]float64{0.4, 0.95}, 20},
		{Ferry, [2]float64{8, 14.1}, [2]float64{0.05, 0.6}, 0.3},
		{Tunnels, [2]float64{15, 30.1}, [2]float64{0.01, 0.5}, 0},
		{City, [2]float64{8, 30.1}, [2]float64{0.05, 0.6}, 10},
		{StopAndGo, [2]float64{5, 8.01}, [2]float64{0.4, 0.95}, 0},
		{Standing, [2]float64{5, 12.1}, [2]float64{0.9, 1}, 0},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			for seed := range uint64(5) {
				r := Scenario{Seed: seed, Drive: c.kind, Duration: time.Hour, Reporting: Reporting{Every: 1}}.Record()
				v, at := speeds(r.Truth)
				stands, turned := 0.0, 0.0
				for i, s := range r.Stood {
					if s > 0 {
						stands++
					}
					if i > 0 && r.Speed[i] > 1 && r.Speed[i-1] > 1 && r.Taken[i]-r.Taken[i-1] == 1000 {
						turned += turnAt(r.Truth, r.Taken[i])
					}
				}
				if most := slices.Max(v); most < c.fastest[0] || most > c.fastest[1]*1.002 {
					t.Errorf("seed %d: up to %.2f m/s", seed, most)
				}
				if share := stands / float64(len(r.Stood)); share < c.standing[0] || share > c.standing[1] {
					t.Errorf("seed %d: stands %.2f of the time", seed, share)
				}
				if turned < c.turned {
					t.Errorf("seed %d: turns by %.1f rad", seed, turned)
				}
				for i := 1; i < len(v); i++ {
					a := (v[i] - v[i-1]) / float64(at[i]-at[i-1]) * 1000
					if at[i]-at[i-1] == 100 && (a > 1.2 || a < -6.5) {
						t.Fatalf("seed %d: %.2f m/s2 after %d ms", seed, a, at[i]-r.Truth[0].TMs)
					}
				}
			}
		})
	}
}

// turnAt is by how much, in rad, the course changes in the second before and after a time.
func turnAt(track truth.Track, tMs int64) float64 {
	a, okA := track.At(tMs - 500)
	b, okB := track.At(tMs)
	c, okC := track.At(tMs + 500)
	if !okA || !okB || !okC {
		return 0
	}
	p := planeAt(b)
	u, v := p.vec(a).scaled(-1), p.vec(c)
	return math.Abs(math.Atan2(u.x*v.y-u.y*v.x, u.x*v.x+u.y*v.y))
}

func (p *plane) vec(a argos.LatLon) vec {
	return vec{(a.Lon - p.origin.Lon) * p.east, (a.Lat - p.origin.Lat) * p.north}
}

// TestRoundaboutsMeetTheRoad: wherever it leads, it ends as far behind the middle as it began before it, on the way
// out.
func TestRoundaboutsMeetTheRoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius := rapid.Float64Range(12, 30).Draw(t, "radius")
		from := radius * rapid.Float64Range(1.3, 2).Draw(t, "from")
		turn := rapid.Float64Range(-1.5, math.Pi).Draw(t, "turn")
		pos, dir := vec{-from, 0}, vec{1, 0}
		for _, l := range roundabout(radius, from, turn, rapid.IntRange(0, 3).Draw(t, "laps")) {
			if l.length <= 0 {
				t.Skip("too sharp for it")
			}
			pos, dir = along(pos, dir, l.bend, l.length)
		}
		out := vec{1, 0}.rotated(turn)
		if pos.sub(out.scaled(from)).length() > 1e-6 || dir.sub(out).length() > 1e-9 {
			t.Fatalf("ends at %v towards %v, wanted %v", pos, dir, out)
		}
	})
}

// TestFerriesAndTunnels: on a ferry the receiver's speed goes on and the wheels' is 0; in a tunnel nothing is heard.
func TestFerriesAndTunnels(t *testing.T) {
	for seed := range uint64(20) {
		c := Scenario{Seed: seed, Drive: Ferry, Duration: time.Hour, Receiver: Receiver{Speed: true, Wheels: 1}}
		wheels := c.Record()
		c.Receiver.Wheels = 0
		ground := c.Record()
		sails := 0
		for i, f := range wheels.Fixes {
			if f.Speed == 0 && wheels.Speed[i] > 4 {
				sails++
			}
			if v := ground.Fixes[i].Speed; math.Abs(v-ground.Speed[i]) > 0.01 {
				t.Fatalf("seed %d: %v m/s at %v", seed, v, ground.Speed[i])
			}
		}
		if sails < 280 {
			t.Errorf("seed %d: on the ferry for %d s", seed, sails)
		}
		r := Scenario{Seed: seed, Drive: Tunnels, Duration: time.Hour}.Record()
		silences := 0
		for i := 1; i < len(r.Taken); i++ {
			silence := float64(r.Taken[i]-r.Taken[i-1]) / 1000
			if silence < 1.5 {
				continue
			}
			silences++
			if gone := truth.Distance(r.At(i-1), r.At(i)); silence < 10 || silence > 260 || gone < 80 {
				t.Errorf("seed %d: %.1f s in a tunnel, %.0f m", seed, silence, gone)
			}
		}
		if silences < 3 {
			t.Errorf("seed %d: %d tunnels", seed, silences)
		}
	}
}

// TestNights are 6 to 10 hours without a fix, after which the truck is where it was, or 200 km away.
func TestNights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Scenario{
			Seed: rapid.Uint64().Draw(t, "seed"), Drive: rapid.SampledFrom(DriveKinds).Draw(t, "drive"),
			Duration: 3 * time.Hour, Reporting: Reporting{Every: 10},
			Nights: rapid.IntRange(0, 2).Draw(t, "nights"), Carried: rapid.Bool().Draw(t, "carried"),
		}
		r := c.Record()
		nights := 0
		for i := 1; i < len(r.Taken); i++ {
			silence := time.Duration(r.Taken[i]-r.Taken[i-1]) * time.Millisecond
			if silence < 5*time.Hour {
				continue
			}
			nights++
			moved := truth.Distance(r.At(i-1), r.At(i))
			carried := math.Abs(moved-200e3) < 10e3
			long := silence > 6*time.Hour && silence < 10*time.Hour+time.Minute
			if !long || c.Carried != carried || !carried && moved > 200 {
				t.Fatalf("a night of %v, moved %.0f m", silence, moved)
			}
		}
		if nights != c.Nights {
			t.Fatalf("%d nights, %d were asked", nights, c.Nights)
		}
	})
}
