package track

import (
	"math"

	"argos/transforms/kalman"
)

// velocity is a reported one (m/s) at its true scale; false when there is none to believe. A speed without a course is
// one at a standstill alone: along a course that the filter guesses it would confirm the guess.
func (e *estimate) velocity(m motion) (v [2]float64, ok bool) {
	v, ok = m.velocity()
	if !ok || m.course == notReported && !e.mayStand() {
		return v, false
	}
	s := e.corrects.scale
	return [2]float64{s * v[0], s * v[1]}, e.corrects.believed
}

// mayStand says that the positions do not tell that the truck moves: on a ferry it does, and its wheels do not.
func (e *estimate) mayStand() bool {
	s := &e.standstill
	return s.told || s.n >= agreeing && seconds(e.fixed-s.since) >= 2*learnWithin
}

// updateVelocity takes in the velocity that a fix reports, dt seconds after the one before (0: none before).
func (e *estimate) updateVelocity(by *Recipe, f *fix, dt float64) {
	v, ok := e.velocity(f.motion)
	if !ok {
		e.limitSpeed(by, f)
		return
	}
	often := 1.0 // fixes within the second that a velocity's error lasts tell no more than one
	if dt > 0 {
		often = max(1, 1/dt)
	}
	r := often * (by.Velocity*by.Velocity + by.Reflected*by.Reflected*float64(e.receiver.slow))
	if !f.stands() {
		v = e.caughtUp(v, dt)
	}
	y := e.kf.JudgeVelocity(v, r)
	nis, off := y.NIS(), length(y.Y[0], y.Y[1])
	switch tells := dt > 0 && e.tells(f, v); {
	case nis <= huberSigmas*huberSigmas || dt == 0:
	case tells && off <= hardest*dt && e.fixed == f.time: // a truck that brakes or turns, and its positions agree
		e.kf.Loosen(off * off / (huberSigmas * huberSigmas))
	case nis > 9 && !tells:
		return
	default:
		r *= nis / (huberSigmas * huberSigmas)
	}
	e.kf.UpdateVelocity(v, r)
}

// limitSpeed takes in a speed without a course where the filter is surely faster: that confirms no guess of the course.
func (e *estimate) limitSpeed(by *Recipe, f *fix) {
	v, sigma := e.kf.Velocity(), e.kf.VelocitySigma()
	speed, told := length(v[0], v[1]), f.metres()
	if f.speed == notReported || f.course != notReported || f.stands() && !e.mayStand() ||
		speed <= told+huberSigmas*length(sigma, by.Velocity) {
		return
	}
	e.kf.UpdateVelocity([2]float64{v[0] * told / speed, v[1] * told / speed}, max(by.Velocity*by.Velocity, told*told/4))
}

// tells says whether the positions since the last fix moved as a velocity says.
func (e *estimate) tells(f *fix, v [2]float64) bool {
	dt := seconds(f.time - e.seen)
	way := e.moved(e.plane.Metres(f.degrees()))
	off := length(way[0]-v[0]*dt, way[1]-v[1]*dt)
	return off <= gateSigmas*math.Sqrt2*e.spread(f)+hardest*dt*dt/2
}

// caughtUp is a velocity that lags as it will have become by now, if it went on to change as since the fix before.
func (e *estimate) caughtUp(v [2]float64, dt float64) [2]float64 {
	lag := e.corrects.velocityLag
	was, ok := e.velocity(e.motion)
	if !ok || lag == 0 || dt <= 0 || dt > learnWithin {
		return v
	}
	w := min(1, lag/dt)
	return [2]float64{v[0] + w*(v[0]-was[0]), v[1] + w*(v[1]-was[1])}
}

// leaveOut goes on without a fix's position. Where it was is wrong; how fast it was may well be right.
func (e *estimate) leaveOut(by *Recipe, f *fix, kf *kalman.Filter) bool {
	e.innovation = [2]int8{}
	if _, ok := e.velocity(f.motion); ok {
		e.kf, e.time = *kf, f.time
		e.accel = by.Accel * float64(e.agility)
		e.updateVelocity(by, f, seconds(f.time-e.seen))
	}
	return false
}
