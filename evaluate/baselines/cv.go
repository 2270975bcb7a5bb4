package baselines

import "argos"

// The constant-velocity filter: white acceleration of density cvQ (m^2/s^3), fixes of cvSigma (m) in each axis, and a
// speed of about cvSpeed (m/s) at the start.
const (
	cvQ     = 1
	cvSigma = 4
	cvSpeed = 10
)

// axis is the state of one axis, position and velocity, with its covariance.
type axis struct{ x, v, pxx, pxv, pvv float64 }

// predict is Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 6.2.2.
func (a axis) predict(dt float64) axis {
	return axis{
		x: a.x + dt*a.v, v: a.v,
		pxx: a.pxx + dt*(2*a.pxv+dt*a.pvv) + cvQ*dt*dt*dt/3,
		pxv: a.pxv + dt*a.pvv + cvQ*dt*dt/2,
		pvv: a.pvv + cvQ*dt,
	}
}

func (a axis) update(z float64) axis {
	s := a.pxx + cvSigma*cvSigma
	kx, kv := a.pxx/s, a.pxv/s
	return axis{
		x: a.x + kx*(z-a.x), v: a.v + kv*(z-a.x),
		pxx: a.pxx * (1 - kx), pxv: a.pxv * (1 - kx), pvv: a.pvv - kv*a.pxv,
	}
}

// smooth is a step of Rauch, Tung and Striebel (1965): a is the filtered state here, next the predicted and later the
// smoothed one after dt.
func (a axis) smooth(next, later axis, dt float64) axis {
	// G = P F' / P(next)
	f11, f12, f21, f22 := a.pxx+dt*a.pxv, a.pxv, a.pxv+dt*a.pvv, a.pvv
	det := next.pxx*next.pvv - next.pxv*next.pxv
	g11, g12 := (f11*next.pvv-f12*next.pxv)/det, (f12*next.pxx-f11*next.pxv)/det
	g21, g22 := (f21*next.pvv-f22*next.pxv)/det, (f22*next.pxx-f21*next.pxv)/det
	dx, dv := later.x-next.x, later.v-next.v
	a.x += g11*dx + g12*dv
	a.v += g21*dx + g22*dv
	return a
}

// ConstantVelocity is the plain Kalman filter of the textbooks: it believes each fix as much as any other.
func ConstantVelocity(fixes []argos.Fix) []argos.LatLon { return constantVelocity(fixes, false) }

// ConstantVelocitySmoothed is ConstantVelocity, smoothed over the whole drive.
func ConstantVelocitySmoothed(fixes []argos.Fix) []argos.LatLon { return constantVelocity(fixes, true) }

func constantVelocity(fixes []argos.Fix, back bool) []argos.LatLon {
	p, at := plane(fixes)
	out := make([]argos.LatLon, len(fixes))
	var states [2][]axis
	for k := range states {
		filtered, predicted := make([]axis, len(fixes)), make([]axis, len(fixes))
		for i := range fixes {
			if i == 0 {
				filtered[0] = axis{x: at[0][k], pxx: cvSigma * cvSigma, pvv: cvSpeed * cvSpeed}
				continue
			}
			predicted[i] = filtered[i-1].predict(seconds(fixes, i))
			filtered[i] = predicted[i].update(at[i][k])
		}
		for i := len(fixes) - 2; back && i >= 0; i-- {
			filtered[i] = filtered[i].smooth(predicted[i+1], filtered[i+1], seconds(fixes, i+1))
		}
		states[k] = filtered
	}
	for i := range fixes {
		out[i] = degrees(&p, [2]float64{states[0][i].x, states[1][i].x})
	}
	return out
}

// seconds is the time from the fix before.
func seconds(fixes []argos.Fix, i int) float64 { return float64(fixes[i].Time-fixes[i-1].Time) / 1000 }
