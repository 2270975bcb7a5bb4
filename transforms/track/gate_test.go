package track

import (
	"math"
	"math/rand/v2"
	"testing"

	"argos"
)

func TestGate(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	l.is("a jump leaves the prediction", l.fold(at(21, 420, 300)), 21, 420, argos.Moving, 21, 0, 0, 1)
	l.is("another", l.fold(at(22, 440, -600)), 22, 440, argos.Moving, 21, 0, 0, 2)
	l.is("back on the road", l.fold(at(23, 460, 0)), 23, 460, argos.Moving, 22, 0, 0, 2)
	for s := range reacquireFixes - 1 { // moved by a kilometre at once: a stray start, or multipath
		l.is(
			"not believed",
			l.fold(at(24+float64(s), 1500+20*float64(s), 0)),
			24+float64(s),
			480+20*float64(s),
			argos.Moving,
			22,
			0,
			0,
			3+int64(s),
		)
	}
	d := l.fold(at(32, 1660, 0))
	l.is("believed, in doubt", d, 32, 1660, argos.Tentative, 23, 0, 0, 10)
	if d.Accuracy < 490 {
		t.Errorf("a kilometre from where it came the claim is %.0f m", d.Accuracy)
	}
	for s := 33; s < 92; s++ {
		l.is(
			"still in doubt",
			l.fold(at(float64(s), 1660+20*float64(s-32), 0)),
			float64(s),
			1660+20*float64(s-32),
			argos.Tentative,
			23+int64(s-32),
			0,
			0,
			10,
		)
	}
	if d = l.fold(at(92, 1660+20*60, 0)); d.Status != argos.Moving || d.Accuracy > 10 {
		t.Errorf("a minute on: %+v", d)
	}
}

// What leapt and comes back was multipath: the first fix that is back is believed.
func TestReturnsFromALeap(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	for s := 21; s < 40; s++ {
		l.fold(at(float64(s), 20*float64(s), 400))
	}
	d := l.fold(at(40, 800, 0))
	l.is("back", d, 40, 800, argos.Moving, 33, 0, 0, 8)
	if d.Accuracy > 10 {
		t.Errorf("the claim is %.0f m", d.Accuracy)
	}
}

// Rejects that do not agree with one another take a truck no further than they are themselves, and what is claimed
// holds.
func TestGateAmongNoise(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	for s := 21; s <= 60; s++ {
		d := l.fold(at(float64(s), 20*float64(s)+150*float64(s%5-2), 150*float64(s%3-1)))
		east, north := from(&d)
		if off := math.Hypot(east-20*float64(s), north); off > 400 || 3*d.Accuracy < off-10 {
			t.Errorf("second %d: %.0f m off, claiming %.0f m", s, off, d.Accuracy)
		}
	}
}

// A doubtful fix counts for less: one that is four sigmas off moves a truck about as far as one that is two.
func TestDoubtfulFixCountsForLess(t *testing.T) {
	moved := func(off float64) float64 {
		l := life{T: t}
		rng := rand.New(rand.NewPCG(1, 2))
		for s := range 120 {
			l.fold(at(float64(s), 20*float64(s)+2*rng.NormFloat64(), 2*rng.NormFloat64()))
		}
		was := l.track.live.kf.X[1][0]
		d := l.fold(at(120, 2400, off))
		if d.Fixes != 121 {
			t.Fatalf("%v m off is rejected", off)
		}
		_, north := from(&d)
		return north - was
	}
	near, far := moved(6), moved(12)
	if far > 1.5*near || far < near/2 {
		t.Errorf("6 m off moves the truck by %.1f m, 12 m off by %.1f m", near, far)
	}
}

func TestEstimateHealsItself(t *testing.T) {
	tr := settled(40)
	tr.live.kf.P[0][1], tr.live.kf.P[1][0] = 99, 99
	r := at(40, 800, 0)
	tr.Fold(&r, pos(40))
	if !tr.live.kf.Definite() || tr.live.good != 1 {
		t.Errorf("the filter goes on with %+v", tr.live)
	}
}

func TestFrozenReceiver(t *testing.T) {
	l := life{T: t}
	for s := range 21 {
		r := at(float64(s), 20*float64(s), 0)
		r.Speed = 20
		l.fold(r)
	}
	for s := 21; s < 30; s++ {
		r := at(float64(s), 400, 0)
		r.Speed = 20
		l.is("frozen", l.fold(r), float64(s), 20*float64(s), argos.Moving, 21, 0, 0, int64(s-20))
	}
}

func TestSigma(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ accuracy, hdop, want float64 }{
		{nan, nan, 4},
		{nan, 0.5, 2},
		{nan, 0.01, 1},
		{nan, 2, 8},
		{nan, 99.99, 4},
		{nan, 127, 4},
		{10 * radius68, 2, 10},
		{0, 2, 8},
		{0.01, nan, 0.1},
		{1e6, nan, 6553},
	} {
		f := argos.NewFix("T", 1, 1.00001, 1)
		f.Accuracy, f.HDOP = c.accuracy, c.hdop
		if got := sigma(&f); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("accuracy %v, HDOP %v: sigma %v, want %v", c.accuracy, c.hdop, got, c.want)
		}
	}
}
