package kalman

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// axes is the dimension of the textbook's state: both axes of a filter, one after the other.
const axes = 2 * states

// textbook is the filter of the type comment in general matrices, with both axes in one state: that they are
// independent is tested, not assumed.
type textbook struct{ x, p *mat.Dense }

func newTextbook(f *Filter) *textbook {
	x, p := mat.NewDense(axes, 1, nil), mat.NewDense(axes, axes, nil)
	for axis := range f.X {
		for i := range states {
			x.Set(axis*states+i, 0, f.X[axis][i])
			for j := range states {
				p.Set(axis*states+i, axis*states+j, f.P[i][j])
			}
		}
	}
	return &textbook{x, p}
}

// both is a matrix of one axis for both.
func both(m *[states][states]float64) *mat.Dense {
	d := mat.NewDense(axes, axes, nil)
	for axis := range 2 {
		for i := range states {
			for j := range states {
				d.Set(axis*states+i, axis*states+j, m[i][j])
			}
		}
	}
	return d
}

func (t *textbook) predict(dt float64, m Motion) {
	f := Transition(dt, m)
	u := m.Bias * (1 - math.Exp(-2*dt/m.Decay))
	q := [states][states]float64{
		{m.Accel*dt*dt*dt/3 + u, m.Accel * dt * dt / 2, u},
		{m.Accel * dt * dt / 2, m.Accel * dt, 0},
		{u, 0, u},
	}
	tr := both(&f)
	t.x.Mul(tr, mat.DenseCopyOf(t.x))
	t.p.Product(tr, t.p, tr.T())
	t.p.Add(t.p, both(&q))
}

// measures is the matrix h of a measurement of both axes.
func measures(h [states]float64) *mat.Dense {
	d := mat.NewDense(2, axes, nil)
	for axis := range 2 {
		for i := range h {
			d.Set(axis, axis*states+i, h[i])
		}
	}
	return d
}

// update takes in z = h X + noise of variance r per row, all rows at once.
func (t *textbook) update(h *mat.Dense, z []float64, r float64) (nis float64) {
	n := len(z)
	noise := mat.NewDense(n, n, nil)
	for i := range n {
		noise.Set(i, i, r)
	}
	var s, inv, k, y, dx, joseph, krk mat.Dense
	s.Product(h, t.p, h.T())
	s.Add(&s, noise)
	if err := inv.Inverse(&s); err != nil {
		panic(err)
	}
	k.Product(t.p, h.T(), &inv)
	y.Mul(h, t.x)
	y.Sub(mat.NewDense(n, 1, z), &y)
	dx.Mul(&k, &y)
	t.x.Add(t.x, &dx)
	joseph.Mul(&k, h)
	joseph.Sub(mat.NewDiagDense(axes, []float64{1, 1, 1, 1, 1, 1}), &joseph)
	t.p.Product(&joseph, t.p, joseph.T())
	krk.Product(&k, noise, k.T())
	t.p.Add(t.p, &krk)
	var q mat.Dense
	q.Product(y.T(), &inv, &y)
	return q.At(0, 0)
}

// differs compares against the scale that each element has by its own standard deviations: an element may be tiny
// only because large ones cancelled.
func (t *textbook) differs(f *Filter, rel float64) error {
	sd := func(i int) float64 { return math.Sqrt(t.p.At(i, i)) }
	for i := range axes {
		x := f.X[i/states][i%states]
		if d := math.Abs(x - t.x.At(i, 0)); d > rel*(math.Abs(t.x.At(i, 0))+sd(i)) {
			return fmt.Errorf("axis %d, X[%d] = %v, textbook %v", i/states, i%states, x, t.x.At(i, 0))
		}
		for j := range axes {
			p := 0.0
			if i/states == j/states {
				p = f.P[i%states][j%states]
			}
			if d := math.Abs(p - t.p.At(i, j)); d > rel*sd(i)*sd(j) {
				return fmt.Errorf("P[%d][%d] = %v, textbook %v", i, j, p, t.p.At(i, j))
			}
		}
	}
	return nil
}

// motions are drawn as tracks use them, and beyond.
var motions = rapid.Custom(func(t *rapid.T) Motion {
	sigma := rapid.Float64Range(0.3, 300).Draw(t, "bias")
	return Motion{
		Accel: rapid.Float64Range(0.1, 10).Draw(t, "q"), Bias: sigma * sigma,
		Decay: rapid.Float64Range(5, 100).Draw(t, "decay"),
	}
})

func TestFilterEqualsTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		metres := rapid.Float64Range(-2e4, 2e4)
		position := func() [2]float64 { return [2]float64{metres.Draw(t, "E"), metres.Draw(t, "N")} }
		noise := func() float64 { s := rapid.Float64Range(0.5, 500).Draw(t, "sigma"); return s * s }
		var f Filter
		f.Start(position(), noise(), 225, noise())
		book := newTextbook(&f)
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			dt, m, z, r := rapid.Float64Range(0, 120).Draw(t, "dt"), motions.Draw(t, "motion"), position(), noise()
			f.Predict(dt, m)
			book.predict(dt, m)
			if rapid.Bool().Draw(t, "velocity") {
				speed := rapid.Float64Range(-40, 40)
				v := [2]float64{speed.Draw(t, "vE"), speed.Draw(t, "vN")}
				got := f.JudgeVelocity(v, 1)
				f.UpdateVelocity(v, 1)
				if want := book.update(measures([states]float64{0, 1, 0}), v[:], 1); math.Abs(
					got.NIS()-want,
				) > 1e-6*(1+want) {
					t.Fatalf("step %d: NIS of a velocity %v, textbook %v", i, got.NIS(), want)
				}
			}
			lag := rapid.Float64Range(0, 1).Draw(t, "lag")
			got := f.JudgePosition(z, r, lag)
			f.UpdatePosition(z, r, lag)
			want := book.update(measures([states]float64{1, -lag, 0}), z[:], r)
			if math.Abs(got.NIS()-want) > 1e-6*(1+want) {
				t.Fatalf("step %d: NIS %v, textbook %v", i, got.NIS(), want)
			}
			if err := book.differs(&f, 1e-6); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
	})
}

func TestCovarianceStaysDefinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		noise := func() float64 {
			s := math.Pow(10, rapid.Float64Range(-1, 4).Draw(t, "log sigma"))
			return s * s
		}
		var f Filter
		f.Start([2]float64{}, noise(), 225, noise())
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			dt := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 1), rapid.Float64Range(0, 20_000)).Draw(t, "dt")
			f.Predict(dt, motions.Draw(t, "motion"))
			z := [2]float64{rapid.Float64Range(-1e6, 1e6).Draw(t, "E"), rapid.Float64Range(-1e6, 1e6).Draw(t, "N")}
			r := noise()
			if y := f.JudgePosition(z, r, 0); !(y.NIS() >= 0) {
				t.Fatalf("step %d: NIS %v", i, y.NIS())
			}
			f.UpdatePosition(z, r, 0)
			if !f.Definite() {
				t.Fatalf("step %d: not positive definite: %v", i, f)
			}
			if s := f.PositionSigma(); !(s > 0) {
				t.Fatalf("step %d: position sigma %v", i, s)
			}
			for a := range states {
				for b := range states {
					if f.P[a][b] != f.P[b][a] {
						t.Fatalf("step %d: not symmetric: %v", i, f.P)
					}
				}
			}
		}
	})
}

func TestUpdateRefusesWhatIsNoNumber(t *testing.T) {
	var f Filter
	f.Start([2]float64{1, 2}, 16, 225, 4)
	for _, z := range [][2]float64{{math.NaN(), math.NaN()}, {math.Inf(-1), math.Inf(1)}} {
		before := f
		if y := f.JudgePosition(z, 16, 0); !math.IsNaN(y.NIS()) && !math.IsInf(y.NIS(), 0) {
			t.Errorf("NIS of %v is %v", z, y.NIS())
		}
		if f.UpdatePosition(z, 16, 0.3); f != before {
			t.Errorf("%v changed the state", z)
		}
	}
}

func TestDefinite(t *testing.T) {
	var good Filter
	good.Start([2]float64{1, 2}, 16, 225, 4)
	for name, spoil := range map[string]func(*Filter){
		"NaN state":           func(f *Filter) { f.X[1][1] = math.NaN() },
		"infinite state":      func(f *Filter) { f.X[0][0] = math.Inf(-1) },
		"zero variance":       func(f *Filter) { f.P[2][2] = 0 },
		"negative variance":   func(f *Filter) { f.P[1][1] = -1 },
		"infinite variance":   func(f *Filter) { f.P[0][0] = math.Inf(1) },
		"NaN covariance":      func(f *Filter) { f.P[0][1], f.P[1][0] = math.NaN(), math.NaN() },
		"correlation above 1": func(f *Filter) { f.P[0][2], f.P[2][0] = 61, 61 },
	} {
		f := good
		spoil(&f)
		if f.Definite() || !good.Definite() {
			t.Errorf("%s is called definite", name)
		}
	}
}

// A truck at a steady 20 m/s: the filter finds its velocity and knows its position better than one fix does.
func ExampleFilter() {
	m := Motion{Accel: 1, Bias: 0.01, Decay: 25}
	var f Filter
	f.Start([2]float64{0, 0}, 16, 225, 0.01)
	for s := 1; s <= 30; s++ {
		f.Predict(1, m)
		f.UpdatePosition([2]float64{20 * float64(s), 0}, 16, 0)
	}
	fmt.Printf("E %.0f m, vE %.1f m/s, sigma %.1f m\n", f.Position()[0], f.Velocity()[0], f.PositionSigma())
	// Output: E 600 m, vE 20.0 m/s, sigma 2.8 m
}

// BenchmarkPredictUpdate is a step with a position and both components of a velocity.
func BenchmarkPredictUpdate(b *testing.B) {
	m := Motion{Accel: 1, Bias: 4, Decay: 25}
	var f Filter
	f.Start([2]float64{}, 16, 225, 4)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.Predict(1, m)
		f.UpdatePosition([2]float64{float64(i & 7), 1}, 16, 0.3)
		f.UpdateVelocity([2]float64{0.6, 0.8}, 0.25)
	}
}

// A vehicle that was put elsewhere keeps its velocity, and one whose velocity was loosened takes on another sooner.
func TestRelocateAndLoosen(t *testing.T) {
	var f Filter
	f.Start([2]float64{}, 4, 1, 1)
	f.UpdateVelocity([2]float64{10, 0}, 1)
	moved := f
	moved.Relocate([2]float64{500, 7}, 9)
	if p := moved.Position(); math.Abs(p[0]-500) > 1e-9 || moved.Velocity() != f.Velocity() || !moved.Definite() ||
		moved.P[0][0] != 9 {
		t.Errorf("relocated: %+v", moved)
	}
	loose := f
	loose.Loosen(100)
	f.UpdateVelocity([2]float64{0, 0}, 1)
	loose.UpdateVelocity([2]float64{0, 0}, 1)
	if !loose.Definite() || loose.Velocity()[0] > f.Velocity()[0]/5 {
		t.Errorf("loosened it keeps %v m/s, else %v", loose.Velocity(), f.Velocity())
	}
}
