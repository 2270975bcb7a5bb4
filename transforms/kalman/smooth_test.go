package kalman

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// Two fixes around a third, all alike: the smoother gives the third less uncertainty than the filter had, and the
// middle of both.
func TestSmoothLooksBothWays(t *testing.T) {
	m := Motion{Accel: 1, Bias: 4, Decay: 25}
	var a, b Filter
	a.Start([2]float64{0, 0}, 1, 100, 4)
	b = a
	b.Predict(1, m)
	predicted := b
	b.UpdatePosition([2]float64{10, 0}, 1, 0)
	s, ok := Smooth(&a, &predicted, &b, Transition(1, m))
	if !ok || !s.Definite() || s.VelocitySigma() >= a.VelocitySigma()/2 || math.Abs(s.X[0][1]-10) > 0.5 {
		t.Errorf("%v %+v", ok, s)
	}
	predicted.P[0][0] = math.NaN()
	if s, ok := Smooth(&a, &predicted, &b, Transition(1, m)); ok || s != a {
		t.Error("a covariance that cannot be inverted was")
	}
}

// Against gonum's general matrices.
func TestSmoothEqualsTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Filter
		f.Start([2]float64{3, 4}, 9, 25, 4)
		f.UpdateVelocity([2]float64{6, 8}, 1)
		m, dt := motions.Draw(t, "motion"), rapid.Float64Range(0.1, 60).Draw(t, "dt")
		predicted := f
		predicted.Predict(dt, m)
		next := predicted
		next.UpdatePosition([2]float64{rapid.Float64Range(-50, 50).Draw(t, "E"), 1}, 4, 0)
		tr := Transition(dt, m)
		was, will, then, step := newTextbook(&f), newTextbook(&predicted), newTextbook(&next), both(&tr)
		var inv, g, dx, ps, dp mat.Dense
		if err := inv.Inverse(will.p); err != nil {
			t.Skip(err)
		}
		g.Product(was.p, step.T(), &inv)
		dx.Sub(then.x, will.x)
		dx.Mul(&g, mat.DenseCopyOf(&dx))
		dp.Sub(then.p, will.p)
		ps.Product(&g, &dp, g.T())
		book := newTextbook(&f)
		book.x.Add(book.x, &dx)
		book.p.Add(book.p, &ps)
		got, ok := Smooth(&f, &predicted, &next, tr)
		if !ok {
			t.Fatal("not inverted")
		}
		if err := book.differs(&got, 1e-6); err != nil {
			t.Fatal(err)
		}
	})
}
