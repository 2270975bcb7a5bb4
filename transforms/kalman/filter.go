// Package kalman estimates where a vehicle is and how it moves from noisy positions and velocities, in a plane that
// touches the earth where the vehicle is. It holds the numerics alone: what to do with a fix is the business of
// package track.
package kalman

import "math"

// Filter is the state and covariance of a vehicle of nearly constant velocity in two dimensions, seen by a receiver
// whose position errors are correlated in time.
//
// Each axis (0 is east, 1 is north) has the state X = [m, v, b]: m is where the receiver sees the vehicle, in metres
// from the plane's origin; v is its velocity, m/s; b is the receiver's slowly changing error, m. The vehicle is at m -
// b. m is a state instead of the position because a receiver tells it well and b badly: their covariance stays far
// from singular.
//
//	predict   v' = v,  b' = e b,  m' = m + dt v + (e-1) b,   e = exp(-dt/T)
//	          Q = q [dt³/3 dt²/2; dt²/2 dt] on (m, v),  (1-e²) B on m, b and between them
//	update    s = h·P h + r,  K = P h / s,  X = X + K y,  P = (I - K hᵀ) P (I - K hᵀ)ᵀ + r K Kᵀ
//
// q is the power spectral density of a continuous white-noise acceleration (Bar-Shalom, Li, Kirubarajan, Estimation
// with Applications to Tracking and Navigation, Wiley 2001, section 6.2.2); b is a first-order Gauss-Markov process of
// variance B and correlation time T (section 8.2.2; Brown, Hwang, Introduction to Random Signals, 4th ed., section
// 2.10). The update is in the Joseph form (Bar-Shalom, section 5.2.6), which stays symmetric and positive definite
// whatever the gain was rounded to.
//
// Noise is the same in both axes, and so is each measurement: then the axes stay independent of one another and share
// one covariance P, which makes a step some five times cheaper than one of six states.
type Filter struct {
	X [2][states]float64
	P [states][states]float64
}

// states is the dimension of an axis' state.
const states = 3

// Motion is how vehicle and receiver may change.
type Motion struct {
	Accel float64 // q, m²/s³
	Bias  float64 // B, m² per axis
	Decay float64 // T, s
}

// Start forgets the past: the receiver sees the vehicle at z (m) with white variance r (m² per axis), its velocity is
// zero with variance v (m²/s² per axis), the receiver's slow error is zero with variance b (m² per axis).
func (f *Filter) Start(z [2]float64, r, v, b float64) {
	*f = Filter{X: [2][states]float64{{z[0]}, {z[1]}}}
	f.P[0][0], f.P[1][1], f.P[2][2] = r, v, b
}

// Predict moves the state by dt >= 0 seconds.
func (f *Filter) Predict(dt float64, m Motion) {
	e := math.Exp(-dt / m.Decay)
	c := e - 1
	for i := range f.X {
		x := &f.X[i]
		x[0] += dt*x[1] + c*x[2]
		x[2] *= e
	}
	p := &f.P
	mm, mv, mb, vv, vb, bb := p[0][0], p[0][1], p[0][2], p[1][1], p[1][2], p[2][2]
	u, q := (1-e*e)*m.Bias, m.Accel
	mm += dt*(2*mv+dt*vv) + c*(2*mb+c*bb+2*dt*vb) + q*dt*dt*dt/3 + u
	mb = e*(mb+dt*vb+c*bb) + u
	mv += dt*vv + c*vb + q*dt*dt/2
	f.fill(mm, mv, mb, vv+q*dt, e*vb, e*e*bb+u)
}

// fill sets P from its upper triangle.
func (f *Filter) fill(mm, mv, mb, vv, vb, bb float64) {
	f.P = [states][states]float64{{mm, mv, mb}, {mv, vv, vb}, {mb, vb, bb}}
}

// Transition is the matrix F of Predict.
func Transition(dt float64, m Motion) [states][states]float64 {
	e := math.Exp(-dt / m.Decay)
	return [states][states]float64{{1, dt, e - 1}, {0, 1, 0}, {0, 0, e}}
}

// Innovation is what a measurement tells anew.
type Innovation struct {
	Y     [2]float64 // measurement less prediction, m or m/s
	Prior float64    // variance per axis that the filter's own uncertainty explains
	S     float64    // variance per axis with the measurement's
}

// NIS is the normalised innovation squared: chi-squared with two degrees of freedom if the model fits (Bar-Shalom,
// section 5.4.2). It is NaN or infinite when P is too ill-conditioned to tell.
func (y *Innovation) NIS() float64 { return (y.Y[0]*y.Y[0] + y.Y[1]*y.Y[1]) / y.S }

// JudgePosition compares a position z (m, with white variance r per axis, lag seconds old when it was stamped) with
// the state.
func (f *Filter) JudgePosition(z [2]float64, r, lag float64) (y Innovation) {
	for i := range z {
		y.Y[i] = z[i] - f.X[i][0] + lag*f.X[i][1]
	}
	y.Prior = f.P[0][0] - lag*(2*f.P[0][1]-lag*f.P[1][1])
	y.S = y.Prior + r
	return y
}

// JudgeVelocity compares a velocity (m/s east and north, variance r per axis) with the state.
func (f *Filter) JudgeVelocity(v [2]float64, r float64) (y Innovation) {
	for i := range v {
		y.Y[i] = v[i] - f.X[i][1]
	}
	y.Prior = f.P[1][1]
	y.S = y.Prior + r
	return y
}

// UpdatePosition takes in a position z (m) with white variance r > 0 (m² per axis), which was true lag seconds ago.
func (f *Filter) UpdatePosition(z [2]float64, r, lag float64) {
	f.update([states]float64{1, -lag, 0}, z, r)
}

// UpdateVelocity takes in a velocity (m/s east and north) with variance r > 0 per axis.
func (f *Filter) UpdateVelocity(v [2]float64, r float64) { f.update([states]float64{0, 1, 0}, v, r) }

// update takes in z = h·X + noise of variance r. When that is no finite number, the state is left as it was.
func (f *Filter) update(h [states]float64, z [2]float64, r float64) {
	p := &f.P
	var ph, k [states]float64
	for i := range p {
		ph[i] = p[i][0]*h[0] + p[i][1]*h[1] + p[i][2]*h[2]
	}
	inv := 1 / (h[0]*ph[0] + h[1]*ph[1] + h[2]*ph[2] + r)
	var y [2]float64
	for i := range y {
		x := &f.X[i]
		y[i] = z[i] - h[0]*x[0] - h[1]*x[1] - h[2]*x[2]
		if d := y[i] * inv; d-d != 0 {
			return
		}
	}
	for i := range k {
		k[i] = ph[i] * inv
		f.X[0][i] += k[i] * y[0]
		f.X[1][i] += k[i] * y[1]
	}
	// (I-K hᵀ) P, then its product with h: not simplified, or the form would not be Joseph's.
	for i := range p {
		row := &p[i]
		a0, a1, a2 := row[0]-k[i]*ph[0], row[1]-k[i]*ph[1], row[2]-k[i]*ph[2]
		g := r*k[i] - (a0*h[0] + a1*h[1] + a2*h[2])
		row[0], row[1], row[2] = a0+g*k[0], a1+g*k[1], a2+g*k[2]
	}
	f.fill(p[0][0], p[0][1], p[0][2], p[1][1], p[1][2], p[2][2])
}

// Position is where the vehicle is, m.
func (f *Filter) Position() [2]float64 {
	return [2]float64{f.X[0][0] - f.X[0][2], f.X[1][0] - f.X[1][2]}
}

// Velocity is the vehicle's velocity, m/s east and north.
func (f *Filter) Velocity() [2]float64 { return [2]float64{f.X[0][1], f.X[1][1]} }

// PositionSigma is the per-axis standard deviation of the position, m.
func (f *Filter) PositionSigma() float64 {
	return math.Sqrt(f.P[0][0] - 2*f.P[0][2] + f.P[2][2])
}

// VelocitySigma is the per-axis standard deviation of the velocity, m/s.
func (f *Filter) VelocitySigma() float64 { return math.Sqrt(f.P[1][1]) }

// Definite says whether P is positive definite and all of the state finite: whether the filter can go on.
func (f *Filter) Definite() bool {
	for i := range f.X {
		for _, x := range f.X[i] {
			if x-x != 0 {
				return false
			}
		}
	}
	// Sylvester's criterion: the leading minors are positive. NaN and infinities fail the comparisons.
	p := &f.P
	a, b := p[0][0], p[0][0]*p[1][1]-p[0][1]*p[0][1]
	c := p[0][1]*p[1][2] - p[0][2]*p[1][1]
	d := p[0][2]*p[0][1] - p[0][0]*p[1][2]
	det := b*p[2][2] + c*p[0][2] + d*p[1][2]
	return a > 0 && b > 0 && det > 0 && a <= math.MaxFloat64 && b <= math.MaxFloat64 && det <= math.MaxFloat64 &&
		p[1][1] > 0 &&
		p[2][2] > 0
}

// Relocate puts the receiver's view of the vehicle at z (m, white variance r per axis), and keeps what is known of its
// velocity.
func (f *Filter) Relocate(z [2]float64, r float64) {
	f.X[0][0], f.X[1][0] = z[0], z[1]
	f.fill(r, 0, 0, f.P[1][1], 0, f.P[2][2])
}

// Loosen adds to the variance of the velocity (m²/s² per axis).
func (f *Filter) Loosen(variance float64) { f.P[1][1] += variance }
