// Package kalman estimates where a vehicle is and how it moves from noisy positions and velocities, in a plane that touches
// the earth where the vehicle is. It holds the numerics alone: what to do with a fix is the business of package track.
package kalman

import "math"

// Filter is the state and covariance of a vehicle of nearly constant velocity in two dimensions, seen by a receiver whose
// position errors are correlated in time.
//
// State X = [mE, mN, vE, vN, bE, bN]: m is where the receiver sees the vehicle, in metres east and north of the plane's origin;
// v is its velocity, m/s; b is the receiver's slowly changing error, m. The vehicle is at m - b. P is X's covariance. m is a
// state instead of the position because a receiver tells it well and b badly: their covariance stays far from singular.
//
//	predict   v' = v,  b' = e b,  m' = m + dt v + (e-1) b,   e = k exp(-dt/T)
//	          Q = q [dt³/3 dt²/2; dt²/2 dt] on (m, v),  (1-exp(-2dt/T)) B on m, b and between them
//	update    s = h·P h + r,  K = P h / s,  X = X + K y,  P = (I - K hᵀ) P (I - K hᵀ)ᵀ + r K Kᵀ     for each scalar y
//
// q is the power spectral density of a continuous white-noise acceleration (Bar-Shalom, Li, Kirubarajan, Estimation with
// Applications to Tracking and Navigation, Wiley 2001, section 6.2.2); b is a first-order Gauss-Markov process of variance B
// and correlation time T (section 8.2.2; Brown, Hwang, Introduction to Random Signals, 4th ed., section 2.10), shrunk by k when the
// geometry that it came from is gone. Scalars whose
// errors are independent are taken in one by one, in the Joseph form (Bar-Shalom, section 5.2.6), which stays symmetric and
// positive definite whatever the gain was rounded to.
type Filter struct {
	X [states]float64
	P [states][states]float64
}

// states is the dimension of a filter's state.
const states = 6

// Motion is how vehicle and receiver may change.
type Motion struct {
	Accel  float64 // q, m²/s³
	Bias   float64 // B, m² per axis
	Decay  float64 // T, s
	Shrink float64 // k, at most 1
}

// Start forgets the past: the receiver sees the vehicle at z (m) with white variance r (m² per axis), its velocity is zero with
// variance v (m²/s² per axis), the receiver's slow error is zero with variance b (m² per axis).
func (f *Filter) Start(z [2]float64, r, v, b float64) {
	*f = Filter{X: [states]float64{z[0], z[1]}}
	for i := range 2 {
		f.P[i][i], f.P[i+2][i+2], f.P[i+4][i+4] = r, v, b
	}
}

// Predict moves the state by dt >= 0 seconds.
func (f *Filter) Predict(dt float64, m Motion) {
	e := m.Shrink * math.Exp(-dt/m.Decay)
	c := e - 1
	x, p := &f.X, &f.P
	for i := range 2 {
		x[i] += dt*x[i+2] + c*x[i+4]
		x[i+4] *= e
	}
	// F P Fᵀ by blocks: each line uses only blocks that are still those of before.
	for i := range 2 {
		for j := i; j < 2; j++ {
			a := p[i][j] + dt*(p[i][j+2]+p[j][i+2]+dt*p[i+2][j+2]) +
				c*(p[i][j+4]+p[j][i+4]+c*p[i+4][j+4]+dt*(p[i+2][j+4]+p[j+2][i+4]))
			p[i][j], p[j][i] = a, a
		}
	}
	for i := range 2 {
		for j := range 2 {
			p[i][j+2] += dt*p[i+2][j+2] + c*p[j+2][i+4]
			p[i][j+4] = e * (p[i][j+4] + dt*p[i+2][j+4] + c*p[i+4][j+4])
			p[j+2][i], p[j+4][i] = p[i][j+2], p[i][j+4]
		}
	}
	u, q := -m.Bias*math.Expm1(-2*dt/m.Decay), m.Accel
	for i := range 2 {
		for j := range 2 {
			p[i+2][j+4] *= e
			p[j+4][i+2] = p[i+2][j+4]
			p[i+4][j+4] *= e * e
		}
	}
	for i := range 2 {
		p[i][i] += q*dt*dt*dt/3 + u
		p[i][i+2] += q * dt * dt / 2
		p[i+2][i] = p[i][i+2]
		p[i+2][i+2] += q * dt
		p[i][i+4] += u
		p[i+4][i] = p[i][i+4]
		p[i+4][i+4] += u
	}
}

// Transition is the matrix F of Predict.
func Transition(dt float64, m Motion) (f [states][states]float64) {
	e := m.Shrink * math.Exp(-dt/m.Decay)
	for i := range 2 {
		f[i][i], f[i+2][i+2], f[i+4][i+4] = 1, 1, e
		f[i][i+2], f[i][i+4] = dt, e-1
	}
	return f
}

// Innovation is what a position z (m, with white variance r per axis, lag seconds old when it was stamped) tells anew.
type Innovation struct {
	NIS    float64 // normalised innovation squared: squared sigmas; chi-squared with two degrees of freedom if the model fits
	Square float64 // m², per axis
	Prior  float64 // m², what the filter's own uncertainty explains of it
}

// Judge compares a position with the state. NIS (Bar-Shalom, section 5.4.2) is NaN or infinite when P is too ill-conditioned to tell.
func (f *Filter) Judge(z [2]float64, r, lag float64) Innovation {
	p := &f.P
	e := func(i, j int) float64 { return p[i][j] - lag*(p[i][j+2]+p[i+2][j]-lag*p[i+2][j+2]) }
	a, b, c := e(0, 0), e(0, 1), e(1, 1)
	y0, y1 := z[0]-f.X[0]+lag*f.X[2], z[1]-f.X[1]+lag*f.X[3]
	prior := (a + c) / 2
	a, c = a+r, c+r
	return Innovation{
		NIS:    (y0*(c*y0-b*y1) + y1*(a*y1-b*y0)) / (a*c - b*b),
		Square: (y0*y0 + y1*y1) / 2, Prior: prior,
	}
}

// UpdatePosition takes in a position z (m) with white variance r > 0 (m² per axis), which was true lag seconds ago.
func (f *Filter) UpdatePosition(z [2]float64, r, lag float64) {
	f.update(0, 2, 1, -lag, r, z[0])
	f.update(1, 3, 1, -lag, r, z[1])
}

// UpdateSpeed takes in the component of the velocity (m/s, variance r > 0) along a unit vector (east, north). A value further off than
// huber sigmas counts for less: its variance grows with its square, as that of a receiver whose error it is would.
func (f *Filter) UpdateSpeed(along [2]float64, speed, r, huber float64) {
	p := &f.P
	u0, u1 := along[0], along[1]
	y := speed - u0*f.X[2] - u1*f.X[3]
	s := u0*u0*p[2][2] + 2*u0*u1*p[2][3] + u1*u1*p[3][3] + r
	if limit := huber * huber * s; y*y > limit {
		r *= y * y / limit
	}
	f.update(2, 3, u0, u1, r, speed)
}

// update takes in z = ha X[a] + hb X[b] + noise of variance r. When that is no finite number, the state is left as it was.
func (f *Filter) update(a, b int, ha, hb, r, z float64) {
	p := &f.P
	var ph, k [states]float64
	for i := range states {
		ph[i] = ha*p[i][a] + hb*p[i][b]
	}
	s := ha*ph[a] + hb*ph[b] + r
	y := z - ha*f.X[a] - hb*f.X[b]
	inv := 1 / s
	if x := y * inv; x-x != 0 {
		return
	}
	for i := range states {
		k[i] = ph[i] * inv
		f.X[i] += k[i] * y
	}
	// (I-K hᵀ) P, then its product with h: not simplified, or the form would not be Joseph's.
	for i := range states {
		row := &p[i]
		ki := k[i]
		ra, rb := row[a]-ki*ph[a], row[b]-ki*ph[b]
		g := r*ki - (ha*ra + hb*rb)
		for j := i; j < states; j++ {
			row[j] += g*k[j] - ki*ph[j]
		}
	}
	for i := range states {
		for j := i + 1; j < states; j++ {
			p[j][i] = p[i][j]
		}
	}
}

// Position is where the vehicle is, m.
func (f *Filter) Position() [2]float64 { return [2]float64{f.X[0] - f.X[4], f.X[1] - f.X[5]} }

// Velocity is the vehicle's, m/s east and north.
func (f *Filter) Velocity() [2]float64 { return [2]float64{f.X[2], f.X[3]} }

// PositionSigma is the per-axis standard deviation of the position, m.
func (f *Filter) PositionSigma() float64 {
	var sum float64
	for i := range 2 {
		sum += f.P[i][i] - 2*f.P[i][i+4] + f.P[i+4][i+4]
	}
	return math.Sqrt(sum / 2)
}

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
	for k := range states {
		if !(p[k][k] > 0 && p[k][k] <= math.MaxFloat64) {
			return false
		}
		inv := 1 / p[k][k]
		for i := k + 1; i < states; i++ {
			c := p[i][k] * inv
			for j := k + 1; j <= i; j++ {
				p[i][j] -= c * p[j][k]
			}
		}
	}
	return true
}
