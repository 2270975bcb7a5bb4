package kalman

import "gonum.org/v1/gonum/mat"

// Smooth returns the estimate of a state from all that was measured, given the filter at its time, the filter predicted from there to
// the next time by transition f, and the smoothed estimate at that next time:
//
//	G = P Fᵀ P'⁻¹,  Xs = X + G (Xs' - X'),  Ps = P + G (Ps' - P') Gᵀ
//
// (Rauch, Tung, Striebel, Maximum likelihood estimates of linear dynamic systems, AIAA Journal 3, 1965). It is false, and filtered
// is returned, when P' cannot be inverted.
func Smooth(filtered, predicted, next *Filter, f [states][states]float64) (Filter, bool) {
	var chol mat.Cholesky
	if !chol.Factorize(symmetric(predicted)) {
		return *filtered, false
	}
	p, ft := dense(&filtered.P), dense(&f)
	var fp, gt mat.Dense // Gᵀ = P'⁻¹ F P
	fp.Mul(ft, p)
	if err := chol.SolveTo(&gt, &fp); err != nil {
		return *filtered, false
	}
	out := *filtered
	for i := range states {
		for k := range states {
			out.X[i] += gt.At(k, i) * (next.X[k] - predicted.X[k])
		}
	}
	var d, gd, gdg mat.Dense
	d.Sub(dense(&next.P), dense(&predicted.P))
	gd.Mul(gt.T(), &d)
	gdg.Mul(&gd, &gt)
	for i := range states {
		for j := i; j < states; j++ {
			x := filtered.P[i][j] + (gdg.At(i, j)+gdg.At(j, i))/2
			out.P[i][j], out.P[j][i] = x, x
		}
	}
	return out, true
}

func dense(p *[states][states]float64) *mat.Dense {
	d := mat.NewDense(states, states, nil)
	for i := range states {
		d.SetRow(i, p[i][:])
	}
	return d
}

func symmetric(f *Filter) *mat.SymDense {
	d := mat.NewSymDense(states, nil)
	for i := range states {
		for j := i; j < states; j++ {
			d.SetSym(i, j, f.P[i][j])
		}
	}
	return d
}

// Moved is the state seen from another plane: only m depends on it.
func (f *Filter) Moved(from, to *Plane) Filter {
	g := *f
	m := to.Metres(from.Degrees([2]float64{f.X[0], f.X[1]}))
	g.X[0], g.X[1] = m[0], m[1]
	return g
}
