package track

import (
	"math"
	"math/rand/v2"
	"testing"

	"argos"
)

// winding is where a truck is at a time (s), m east and north, on a road that bends and with traffic; velocity is its change.
func winding(s float64) [2]float64 {
	return [2]float64{15*s + 60*math.Sin(s/6), 40 * math.Cos(s/9)}
}

func velocity(s float64) [2]float64 {
	a, b := winding(s-0.01), winding(s+0.01)
	return [2]float64{(b[0] - a[0]) / 0.02, (b[1] - a[1]) / 0.02}
}

// receive folds what a receiver at 1 Hz makes of a drive: positions lag seconds old with white noise of sigma and a slow error of
// size slow (m), velocities told times as large.
func receive(lag, sigma, slow, told float64) (tr *Track, worst float64) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tr = &Track{}
	var bias [2]float64
	keep := math.Exp(-1.0 / 20)
	var doc argos.Truck
	for i := range 600 {
		s := float64(i)
		p, v := winding(s-lag), velocity(s)
		for k := range bias {
			bias[k] = keep*bias[k] + math.Sqrt(1-keep*keep)*slow*rnd.NormFloat64()
		}
		r := at(s, p[0]+bias[0]+sigma*rnd.NormFloat64(), p[1]+bias[1]+sigma*rnd.NormFloat64())
		r.Speed = told * math.Hypot(v[0], v[1])
		r.Heading = math.Mod(math.Atan2(v[0], v[1])*180/math.Pi+360, 360)
		tr.Fold(&r, pos(i))
		if i > 300 {
			tr.Fill(&doc)
			e, n := from(&doc)
			now := winding(s)
			worst = math.Max(worst, math.Hypot(e-now[0], n-now[1]))
		}
	}
	return tr, worst
}

func TestLearnsItsReceiver(t *testing.T) {
	for _, c := range []struct{ lag, sigma, slow float64 }{{0, 0.5, 1}, {0, 2, 3}, {0, 0.5, 5}, {0.25, 0.5, 2}} {
		tr, _ := receive(c.lag, c.sigma, c.slow, 1)
		d := &tr.live.device
		slow := filteredSigma * math.Sqrt(float64(d.slow))
		if slow > 2*c.slow+2 || slow < c.slow/3 {
			t.Errorf("%+v: the slow error is said to be %.1f m", c, slow)
		}
		if math.Abs(d.slope()-c.lag) > 0.1 {
			t.Errorf("%+v: the lag is said to be %.2f s", c, d.slope())
		}
	}
	if tr, _ := receive(0, 3, 0.5, 1); tr.live.device.white < 0.5 {
		t.Errorf("noise of 3 m is said to be %.1f m", filteredSigma*math.Sqrt(float64(tr.live.device.white)))
	}
}

// Velocities in another unit are found out, and do no harm from then on; right ones are not suspected.
// After a step that is too rough to learn from, what came before it says nothing of where positions are beside the path.
func TestRoughStepBreaksTheChain(t *testing.T) {
	by := Usual()
	d := device{white: 0.25, slow: 1, rough: 0.25}
	v := [2]float64{10, 0}
	d.follow(&by, [2]float64{12, 0}, v, v, 1, 4)
	if d.slip[0] < 1 {
		t.Fatal("not learned:", d.slip)
	}
	d.follow(&by, [2]float64{60, 0}, v, v, 1, 4)
	if d.slip != [2]float32{} {
		t.Error("still beside the path:", d.slip)
	}
}

func TestWrongUnit(t *testing.T) {
	for _, told := range []float64{1, 0.9, 1.1, 1.944, 0.514, 3.6, 0.447} {
		tr, worst := receive(0, 1, 1, told)
		if wrong := math.Abs(told-1) > 0.2; tr.live.device.misleads() != wrong || worst > 15 {
			t.Errorf("velocities %v times as large: found out %v, the truck was up to %.1f m off", told, !wrong, worst)
		}
	}
}

func TestLag(t *testing.T) {
	for _, c := range []struct{ slope, position, velocity float64 }{
		{0, 0, 0}, {0.04, 0, 0}, {-0.04, 0, 0}, {0.2, 0.4, 0.2}, {0.28, 0.56, 0.28}, {0.5, 0.6, 0.3}, {-0.3, 0, 0.3}, {-2, 0, 0.6},
	} {
		const turned = 1e5
		d := device{lagged: float32(c.slope * (turned + 1/(lagPrior*lagPrior))), turned: turned}
		if p, v := d.lag(); math.Abs(p-c.position) > 1e-3 || math.Abs(v-c.velocity) > 1e-3 {
			t.Errorf("slope %v s: positions lag %.3f s, velocities %.3f s; want %v", c.slope, p, v, c)
		}
	}
}
