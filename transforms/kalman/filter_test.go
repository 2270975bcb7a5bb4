package kalman

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// textbook is the filter of the type comment in general matrices.
type textbook struct{ x, p *mat.Dense }

func newTextbook(f *Filter) *textbook {
	t := &textbook{mat.NewDense(4, 1, append([]float64(nil), f.X[:]...)), mat.NewDense(4, 4, nil)}
	for i := range 4 {
		t.p.SetRow(i, f.P[i][:])
	}
	return t
}

func (t *textbook) predict(dt, q float64) {
	f := mat.NewDense(4, 4, []float64{1, 0, dt, 0, 0, 1, 0, dt, 0, 0, 1, 0, 0, 0, 0, 1})
	a, b, c := q*dt*dt*dt/3, q*dt*dt/2, q*dt
	noise := mat.NewDense(4, 4, []float64{a, 0, b, 0, 0, a, 0, b, b, 0, c, 0, 0, b, 0, c})
	t.x.Mul(f, mat.DenseCopyOf(t.x))
	t.p.Product(f, t.p, f.T())
	t.p.Add(t.p, noise)
}

func (t *textbook) update(z [2]float64, r float64) (nis float64) {
	h := mat.NewDense(2, 4, []float64{1, 0, 0, 0, 0, 1, 0, 0})
	noise := mat.NewDense(2, 2, []float64{r, 0, 0, r})
	var s, inv, k, y, dx, joseph, krk mat.Dense
	s.Product(h, t.p, h.T())
	s.Add(&s, noise)
	if err := inv.Inverse(&s); err != nil {
		panic(err)
	}
	k.Product(t.p, h.T(), &inv)
	y.Mul(h, t.x)
	y.Sub(mat.NewDense(2, 1, z[:]), &y)
	dx.Mul(&k, &y)
	t.x.Add(t.x, &dx)
	joseph.Mul(&k, h)
	joseph.Sub(mat.NewDiagDense(4, []float64{1, 1, 1, 1}), &joseph)
	t.p.Product(&joseph, t.p, joseph.T())
	krk.Product(&k, noise, k.T())
	t.p.Add(t.p, &krk)
	var n mat.Dense
	n.Product(y.T(), &inv, &y)
	return n.At(0, 0)
}

// differs compares against the scale that each element has by its own standard deviations: an element may be tiny
// only because large ones cancelled.
func (t *textbook) differs(f *Filter, rel float64) error {
	sd := func(i int) float64 { return math.Sqrt(t.p.At(i, i)) }
	for i := range 4 {
		if d := math.Abs(f.X[i] - t.x.At(i, 0)); d > rel*(math.Abs(t.x.At(i, 0))+sd(i)) {
			return fmt.Errorf("X[%d] = %v, textbook %v", i, f.X[i], t.x.At(i, 0))
		}
		for j := range 4 {
			if d := math.Abs(f.P[i][j] - t.p.At(i, j)); d > rel*sd(i)*sd(j) {
				return fmt.Errorf("P[%d][%d] = %v, textbook %v", i, j, f.P[i][j], t.p.At(i, j))
			}
		}
	}
	return nil
}

func TestFilterEqualsTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		metres := rapid.Float64Range(-2e4, 2e4)
		position := func() [2]float64 { return [2]float64{metres.Draw(t, "E"), metres.Draw(t, "N")} }
		noise := func() float64 { s := rapid.Float64Range(0.5, 500).Draw(t, "sigma"); return s * s }
		q := rapid.Float64Range(0.1, 10).Draw(t, "q")
		var f Filter
		f.Start(position(), noise(), 225)
		book := newTextbook(&f)
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			dt, z, r := rapid.Float64Range(0, 120).Draw(t, "dt"), position(), noise()
			f.Predict(dt, q)
			book.predict(dt, q)
			got, want := f.Update(z, r), book.update(z, r)
			if math.Abs(got-want) > 1e-9*(1+want) {
				t.Fatalf("step %d: NIS %v, textbook %v", i, got, want)
			}
			if err := book.differs(&f, 1e-9); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
	})
}

func TestCovarianceStaysDefinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		noise := func() float64 {
			s := math.Pow(10, rapid.Float64Range(-2, 6).Draw(t, "log sigma"))
			return s * s
		}
		var f Filter
		f.Start([2]float64{}, noise(), 225)
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			dt := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 1), rapid.Float64Range(0, 20_000)).Draw(t, "dt")
			f.Predict(dt, 1)
			z := [2]float64{rapid.Float64Range(-1e6, 1e6).Draw(t, "E"), rapid.Float64Range(-1e6, 1e6).Draw(t, "N")}
			if nis := f.Update(z, noise()); !(nis >= 0) {
				t.Fatalf("step %d: NIS %v", i, nis)
			}
			if !f.Definite() {
				t.Fatalf("step %d: not positive definite: %v", i, f)
			}
			for a := range 4 {
				for b := range 4 {
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
	f.Start([2]float64{1, 2}, 16, 225)
	for _, z := range [][2]float64{{math.NaN(), 0}, {0, math.Inf(1)}} {
		before := f
		if nis := f.Update(z, 16); !math.IsNaN(nis) && !math.IsInf(nis, 0) {
			t.Errorf("NIS of %v is %v", z, nis)
		}
		if f != before {
			t.Errorf("%v changed the state", z)
		}
	}
}

func TestDefinite(t *testing.T) {
	var good Filter
	good.Start([2]float64{1, 2}, 16, 225)
	for name, spoil := range map[string]func(*Filter){
		"NaN state":           func(f *Filter) { f.X[3] = math.NaN() },
		"infinite state":      func(f *Filter) { f.X[0] = math.Inf(-1) },
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
	var f Filter
	f.Start([2]float64{0, 0}, 16, 225)
	for s := 1; s <= 30; s++ {
		f.Predict(1, 1)
		f.Update([2]float64{20 * float64(s), 0}, 16)
	}
	fmt.Printf("E %.0f m, vE %.1f m/s, sigma %.1f m\n", f.X[0], f.X[2], f.PositionSigma())
	// Output: E 600 m, vE 20.0 m/s, sigma 2.8 m
}

func BenchmarkPredictUpdate(b *testing.B) {
	var f Filter
	f.Start([2]float64{}, 16, 225)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.Predict(1, 1)
		f.Update([2]float64{float64(i & 7), 1}, 16)
	}
}
