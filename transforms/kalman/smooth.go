package kalman

import "math"

// Smooth returns the estimate of a state from all that was measured, given the filter at its time, the filter
// predicted from there to the next time by transition f, and the smoothed estimate at that next time:
//
//	G = P Fᵀ P'⁻¹,  Xs = X + G (Xs' - X'),  Ps = P + G (Ps' - P') Gᵀ
//
// (Rauch, Tung, Striebel, Maximum likelihood estimates of linear dynamic systems, AIAA Journal 3, 1965). It is false,
// and filtered is returned, when P' or Ps is not positive definite in the numbers at hand.
func Smooth(filtered, predicted, next *Filter, f [states][states]float64) (Filter, bool) {
	l, ok := predicted.cholesky()
	if !ok {
		return *filtered, false
	}
	var g [states][states]float64 // row i solves P' x = F P column i
	for i := range states {
		var fp [states]float64
		for j := range states {
			for k := range states {
				fp[j] += f[j][k] * filtered.P[k][i]
			}
		}
		g[i] = solve(&l, fp)
	}
	out := *filtered
	var gd [states][states]float64 // G (Ps' - P')
	for i := range states {
		for k := range states {
			for axis := range out.X {
				out.X[axis][i] += g[i][k] * (next.X[axis][k] - predicted.X[axis][k])
			}
			for j := range states {
				gd[i][j] += g[i][k] * (next.P[k][j] - predicted.P[k][j])
			}
		}
	}
	for i := range states {
		for j := i; j < states; j++ {
			for k := range states {
				out.P[i][j] += (gd[i][k]*g[j][k] + gd[j][k]*g[i][k]) / 2
			}
			out.P[j][i] = out.P[i][j]
		}
	}
	if !out.Definite() {
		return *filtered, false
	}
	return out, true
}

// cholesky is the lower triangle L with L Lᵀ = P; false when P is not positive definite.
func (f *Filter) cholesky() (l [states][states]float64, ok bool) {
	for i := range states {
		for j := 0; j <= i; j++ {
			sum := f.P[i][j]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = sum / l[j][j]
			} else if l[i][i] = math.Sqrt(sum); !(l[i][i] > 0) || l[i][i]-l[i][i] != 0 {
				return l, false
			}
		}
	}
	return l, true
}

// solve returns the x of L Lᵀ x = b.
func solve(l *[states][states]float64, b [states]float64) [states]float64 {
	for i := range states {
		for k := range i {
			b[i] -= l[i][k] * b[k]
		}
		b[i] /= l[i][i]
	}
	for i := states - 1; i >= 0; i-- {
		for k := i + 1; k < states; k++ {
			b[i] -= l[k][i] * b[k]
		}
		b[i] /= l[i][i]
	}
	return b
}

// Moved is the state seen from another plane: only m depends on it.
func (f *Filter) Moved(from, to *Plane) Filter {
	g := *f
	m := to.Metres(from.Degrees([2]float64{f.X[0][0], f.X[1][0]}))
	g.X[0][0], g.X[1][0] = m[0], m[1]
	return g
}
