package track

import (
	"math"
	"testing"

	"argos"
)

func TestGate(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	l.is("a jump leaves the prediction", l.fold(at(21, 420, 300)), 21, 420, argos.Moving, 21, 0, 0, 1)
	l.is("another", l.fold(at(22, 440, -600)), 22, 440, argos.Moving, 21, 0, 0, 2)
	l.is("back on the road", l.fold(at(23, 460, 0)), 23, 460, argos.Moving, 22, 0, 0, 2)
	for s := range reacquireAt - 1 { // moved by a kilometre at once: a ferry, or a stray start
		l.is("not believed", l.fold(at(24+float64(s), 1500+20*float64(s), 0)), 24+float64(s), 480+20*float64(s), argos.Moving, 22, 0, 0, 3+int64(s))
	}
	l.is("believed", l.fold(at(28, 1580, 0)), 28, 1580, argos.Tentative, 23, 0, 0, 6)
	l.fold(at(29, 1600, 0))
	l.is("settled again", l.fold(at(30, 1620, 0)), 30, 1620, argos.Moving, 25, 0, 0, 6)
}

// Rejects that do not agree with one another move nothing, until the past says nothing any more.
func TestGateAmongNoise(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	for s := 21; s <= 35; s++ {
		r := at(float64(s), 1000*float64(1+s%4), 2000*float64(s%3))
		l.is("noise", l.fold(r), float64(s), 20*float64(s), argos.Moving, 21, 0, 0, int64(s-20))
	}
	l.is("a new start", l.fold(at(36, 5000, 0)), 36, 5000, argos.Tentative, 22, 0, 0, 15)
}

// A doubtful fix counts for less: of a truck that reports positions alone, one that is four sigmas off moves it about as far as one
// that is two.
func TestDoubtfulFixCountsForLess(t *testing.T) {
	moved := func(off float64) float64 {
		l := life{T: t}
		l.drive(0, 40)
		d := l.fold(at(41, 820, off))
		if d.Fixes != 42 {
			t.Fatalf("%v m off is rejected", off)
		}
		_, north := from(&d)
		return north
	}
	if near, far := moved(7), moved(14); far > 1.2*near || far < near/2 {
		t.Errorf("7 m off moves the truck by %.1f m, 14 m off by %.1f m", near, far)
	}
}

func TestEstimateHealsItself(t *testing.T) {
	tr := settled(40)
	tr.live.kf.P[2][3], tr.live.kf.P[3][2] = 9, 9
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
	for _, c := range []struct{ accuracy, hdop, speed, want float64 }{
		{nan, nan, nan, 4},
		{nan, nan, 3, 2},
		{nan, 0.4, nan, 4},
		{nan, 2, nan, 8},
		{nan, 2, 3, 4},
		{nan, 99.99, nan, 4},
		{nan, 127, nan, 4},
		{15.1, 2, 3, 10},
		{0, 2, nan, 8},
		{0.01, nan, nan, 1},
		{1e6, nan, nan, 6500},
	} {
		f := argos.NewFix("T", 1, 1, 1)
		f.Accuracy, f.HDOP, f.Speed = c.accuracy, c.hdop, c.speed
		if got := sigma(&f); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("accuracy %v, HDOP %v, speed %v: sigma %v, want %v", c.accuracy, c.hdop, c.speed, got, c.want)
		}
	}
}
