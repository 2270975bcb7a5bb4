// Package kalman estimates where a vehicle is and how it moves from noisy positions, in a plane that touches the earth
// where the vehicle is. It holds the numerics alone: what to do with a fix is the business of package track.
package kalman

import "math"

// Filter is the state and covariance of a nearly constant velocity model in two dimensions.
//
// State X = [E, N, vE, vN]: metres east and north of the plane's origin, metres a second. P is its covariance.
//
//	predict  X = F X,  P = F P Fᵀ + Q(dt)        F = [I dt·I; 0 I],  Q = q [dt³/3·I dt²/2·I; dt²/2·I dt·I]
//	update   S = H P Hᵀ + r I,  K = P Hᵀ S⁻¹     H = [I 0]
//	         X = X + K (z - H X),  P = (I-KH) P (I-KH)ᵀ + r K Kᵀ
//
// Q is that of continuous white-noise acceleration with power spectral density q (Bar-Shalom, Li, Kirubarajan,
// Estimation with Applications to Tracking and Navigation, Wiley 2001, section 6.2.2); the update of P is the Joseph
// form (section 5.2.6), which stays symmetric and positive definite whatever the gain was rounded to.
type Filter struct {
	X [4]float64
	P [4][4]float64
}

// Start forgets the past: the vehicle is at z (m) with variance r (m² per axis), its velocity is zero with variance v
// (m²/s² per axis).
func (f *Filter) Start(z [2]float64, r, v float64) {
	*f = Filter{X: [4]float64{z[0], z[1], 0, 0}}
	f.P[0][0], f.P[1][1] = r, r
	f.P[2][2], f.P[3][3] = v, v
}

// Predict moves the state by dt >= 0 seconds under process noise q (m²/s³).
func (f *Filter) Predict(dt, q float64) {
	f.X[0] += dt * f.X[2]
	f.X[1] += dt * f.X[3]
	// F P Fᵀ by blocks of the symmetric P: position A, cross B, velocity C become A + dt(B+Bᵀ) + dt²C, B + dt·C, C.
	p := &f.P
	for i := range 2 {
		for j := i; j < 2; j++ {
			a := p[i][j] + dt*(p[i][j+2]+p[j][i+2]+dt*p[i+2][j+2])
			p[i][j], p[j][i] = a, a
		}
	}
	for i := range 2 {
		for j := range 2 {
			p[i][j+2] += dt * p[i+2][j+2]
			p[j+2][i] = p[i][j+2]
		}
	}
	for i := range 2 {
		p[i][i] += q * dt * dt * dt / 3
		p[i][i+2] += q * dt * dt / 2
		p[i+2][i] = p[i][i+2]
		p[i+2][i+2] += q * dt
	}
}

// NIS is the normalised innovation squared of a position z (m) with variance r (m² per axis): how many squared sigmas
// it is from where the filter expects it. For a fitting model it is chi-squared with two degrees of freedom (section
// 5.4.2). It is NaN or infinite when P is too ill-conditioned to tell.
func (f *Filter) NIS(z [2]float64, r float64) float64 {
	s := f.innovation(r)
	y0, y1 := z[0]-f.X[0], z[1]-f.X[1]
	return y0*(s.a*y0+s.b*y1) + y1*(s.b*y0+s.c*y1)
}

// Update takes in a position z (m) with variance r > 0 (m² per axis) and returns its NIS. When that is not a finite
// number the state is left as it was.
func (f *Filter) Update(z [2]float64, r float64) float64 {
	nis := f.NIS(z, r)
	if math.IsNaN(nis) || math.IsInf(nis, 0) {
		return nis
	}
	p, s := &f.P, f.innovation(r)
	y0, y1 := z[0]-f.X[0], z[1]-f.X[1]
	var k [4][2]float64
	for i := range 4 {
		k[i] = [2]float64{p[i][0]*s.a + p[i][1]*s.b, p[i][0]*s.b + p[i][1]*s.c}
		f.X[i] += k[i][0]*y0 + k[i][1]*y1
	}
	// A = I-KH has only its first two columns apart from I. Their upper block is r S⁻¹: written so, nothing cancels
	// when P is much larger than r.
	a := [4][2]float64{{r * s.a, r * s.b}, {r * s.b, r * s.c}, {-k[2][0], -k[2][1]}, {-k[3][0], -k[3][1]}}
	var ap [4][4]float64 // A P
	for i := range 4 {
		for j := range 4 {
			ap[i][j] = a[i][0]*p[0][j] + a[i][1]*p[1][j]
			if i >= 2 {
				ap[i][j] += p[i][j]
			}
		}
	}
	for i := range 4 {
		for j := i; j < 4; j++ {
			x := ap[i][0]*a[j][0] + ap[i][1]*a[j][1] + r*(k[i][0]*k[j][0]+k[i][1]*k[j][1])
			if j >= 2 {
				x += ap[i][j]
			}
			p[i][j], p[j][i] = x, x
		}
	}
	return nis
}

// symmetric is the 2x2 matrix [a b; b c].
type symmetric struct{ a, b, c float64 }

// innovation is S⁻¹ for a position of variance r.
func (f *Filter) innovation(r float64) symmetric {
	a, b, c := f.P[0][0]+r, f.P[0][1], f.P[1][1]+r
	d := 1 / (a*c - b*b)
	return symmetric{c * d, -b * d, a * d}
}

// PositionSigma is the per-axis standard deviation of the position, m.
func (f *Filter) PositionSigma() float64 { return math.Sqrt((f.P[0][0] + f.P[1][1]) / 2) }

// VelocitySigma is the per-axis standard deviation of the velocity, m/s.
func (f *Filter) VelocitySigma() float64 { return math.Sqrt((f.P[2][2] + f.P[3][3]) / 2) }

// Definite says whether P is positive definite and all of the state finite: whether the filter can go on.
func (f *Filter) Definite() bool {
	for _, x := range f.X {
		if x-x != 0 {
			return false
		}
	}
	// Symmetric elimination: what is left on the diagonal is positive if and only if P is definite. NaN and infinities
	// fail the comparison.
	p := f.P
	for k := range 4 {
		if !(p[k][k] > 0 && p[k][k] <= math.MaxFloat64) {
			return false
		}
		inv := 1 / p[k][k]
		for i := k + 1; i < 4; i++ {
			c := p[i][k] * inv
			for j := k + 1; j <= i; j++ {
				p[i][j] -= c * p[j][k]
			}
		}
	}
	return true
}
