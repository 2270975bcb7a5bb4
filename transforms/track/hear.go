package track

import "math"

// hear takes in the velocity that a fix reports, dt seconds after the one before (0: none before). A speed without a course is heard
// at a standstill alone: along a course that the filter guesses it would confirm the guess.
func (e *estimate) hear(by *Recipe, f *fix, dt float64) {
	if f.speed == notReported {
		return
	}
	often := 1.0 // fixes within the time that a velocity's error lasts tell no more than one
	if dt > 0 {
		often = math.Max(1, velocityLasts/math.Max(dt, minInterval))
	}
	reflected := by.Reflected * by.Reflected * float64(e.device.slow) * f.variance()
	noise := func(sigma float64) float64 { return often * (sigma*sigma + reflected) }
	v, ok := e.device.velocity(f.motion)
	speed := math.Hypot(v[0], v[1])
	switch {
	case f.stands():
		e.kf.UpdateSpeed([2]float64{1, 0}, 0, noise(by.Standing), huberSigmas)
		e.kf.UpdateSpeed([2]float64{0, 1}, 0, noise(by.Standing), huberSigmas)
	case ok:
		u := [2]float64{v[0] / speed, v[1] / speed}
		v = e.caughtUp(v, dt)
		across := math.Max(by.Across, by.Course*speed)
		e.kf.UpdateSpeed(u, u[0]*v[0]+u[1]*v[1], noise(by.Along+by.AlongShare*speed), huberSigmas)
		e.kf.UpdateSpeed([2]float64{u[1], -u[0]}, u[1]*v[0]-u[0]*v[1], noise(across), huberSigmas)
	}
}

// caughtUp is a velocity that lags as it will have become by now, if it went on to change as since the fix before.
func (e *estimate) caughtUp(v [2]float64, dt float64) [2]float64 {
	_, lag := e.device.lag()
	was, ok := e.device.velocity(e.motion)
	if !ok || lag == 0 || dt <= 0 || dt > learnWithin {
		return v
	}
	w := math.Min(1, lag/dt)
	return [2]float64{v[0] + w*(v[0]-was[0]), v[1] + w*(v[1]-was[1])}
}

// velocity is a reported one at its true scale.
func (d *device) velocity(m motion) (v [2]float64, ok bool) {
	v, ok = m.velocity()
	s := d.scale()
	return [2]float64{s * v[0], s * v[1]}, ok
}
