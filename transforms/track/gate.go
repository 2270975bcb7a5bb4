package track

import (
	"math"

	"argos/transforms/kalman"
)

// reject leaves a fix out, unless the track is no better founded than the fix: while it is tentative fewer rejects
// suffice, and in the end enough of them that agree with one another move it. A receiver that repeats its coordinates
// is no second witness.
func (e *estimate) reject(by *Recipe, f *fix, kf *kalman.Filter, z [2]float64) bool {
	switch {
	case e.suspect(f):
	case e.rejects > 1 && e.continues(f, gateSigmas):
		e.rejects++
	case e.rejects > 0 && e.near(f, z):
		e.rejects = 2
	default:
		e.rejects = 1
	}
	if e.returns(f, kf, z) {
		e.start(by, f)
		e.good, e.verdict.reason = agreeing, Returned
		return true
	}
	if e.rejects < e.enough(f, z) {
		return e.leaveOut(by, f, kf)
	}
	e.leapTo(by, f, kf, z)
	e.verdict.reason = Leapt
	return true
}

// enough is how many consistent rejects move the track: nine, so that ten good fixes will do, fewer of those that come
// slowly, or while it is tentative. Of a truck that was silent for longer the newest report is shown, in doubt, unless
// no mistaken time makes it possible either.
func (e *estimate) enough(f *fix, z [2]float64) uint8 {
	n := min(reacquireFixes, max(agreeing, math.Ceil(silence/float64(f.time-e.seen))))
	switch {
	case f.time-e.seen > 2*silence && e.within(f, z, 2*(f.time-e.seen)):
		return 1
	case e.good < agreeing:
		return min(uint8(n), e.good)
	}
	return uint8(n)
}

// leapTo begins anew at a fix z (m) that is not where the track leads.
func (e *estimate) leapTo(by *Recipe, f *fix, kf *kalman.Filter, z [2]float64) {
	dt := seconds(f.time - e.seen)
	founded, run, way, leap := e.good == agreeing || e.doubted(), e.rejects, e.moved(z), e.leapFrom(kf, z)
	e.start(by, f)
	if run > 2 && !f.tellsVelocity() { // the rejects agreed on a velocity
		e.kf.UpdateVelocity([2]float64{way[0] / dt, way[1] / dt}, 2*e.white(f)/(dt*dt)+1)
	}
	if founded {
		e.leap = leap
	}
}

// leapFrom is how far z (m) is from where the track would have gone on, or as far as what is in doubt already.
func (e *estimate) leapFrom(kf *kalman.Filter, z [2]float64) [2]float32 {
	at := kf.Position()
	x, y := z[0]-at[0], z[1]-at[1]
	more := max(1, e.doubt()/max(1, length(x, y)))
	return [2]float32{float32(more * x), float32(more * y)}
}

// doubted says that the track leapt here so lately that it may have been multipath.
func (e *estimate) doubted() bool {
	return e.leap != [2]float32{} && (e.good < agreeing || e.seen-e.since < doubtTime)
}

// doubt is how far the truck may be from here because of that, m.
func (e *estimate) doubt() float64 {
	if !e.doubted() {
		return 0
	}
	return length(float64(e.leap[0]), float64(e.leap[1]))
}

// returns says that a fix is back where the track would have gone on, had it not leapt.
func (e *estimate) returns(f *fix, kf *kalman.Filter, z [2]float64) bool {
	at := kf.Position()
	x, y := z[0]-at[0]+float64(e.leap[0]), z[1]-at[1]+float64(e.leap[1])
	near := gateSigmas*max(1, kf.PositionSigma()) + seconds(f.time-e.since)
	return e.doubt() > 3*near && length(x, y) < near
}

// near says whether one truck can have been at the fix seen last and at one at z (m).
func (e *estimate) near(f *fix, z [2]float64) bool {
	way := e.moved(z)
	return length(way[0], way[1]) <= fastest*seconds(f.time-e.seen)+gateSigmas*math.Sqrt2*e.spread(f)
}

// continues says whether a fix lies where the way between the two before it leads, as far as a truck can brake or
// turn. The second difference of three positions with noise of variance r has the variance 6 r.
func (e *estimate) continues(f *fix, sigmas float64) bool {
	dt := seconds(f.time - e.seen)
	way, pace := e.moved(e.plane.Metres(f.degrees())), e.pace.units()
	off := length(way[0]-dt*pace[0], way[1]-dt*pace[1])
	return off <= sigmas*math.Sqrt(6)*e.spread(f)+hardest*dt*dt
}

// spread is the standard deviation (m per axis) of what is new in each fix; less than half a metre is not relied on.
func (e *estimate) spread(f *fix) float64 { return length(0.5, math.Sqrt(e.white(f))) }

// reach is how far (m) a truck may be off its course after dt seconds, by what it can brake or turn: between two
// velocities that it reports, a quarter of that beside what they tell themselves.
func (e *estimate) reach(f *fix, dt float64) float64 {
	v, ok := e.velocity(f.motion)
	if !ok {
		return hardest * dt * dt / 2
	}
	w := e.kf.Velocity()
	return min(length(v[0]-w[0], v[1]-w[1])*dt/2, hardest*dt*dt/2) + hardest*dt*dt/8
}

// reachable says whether a truck can have come to z (m) since the last fix that was used. What is suspect is not
// believed to have gone there while nobody looked.
func (e *estimate) reachable(f *fix, z [2]float64) bool {
	dt := f.time - e.fixed
	if gap := e.gap(); dt > gap && e.suspect(f) {
		dt = gap
	}
	return e.within(f, z, dt)
}

// within says whether a truck can have come to z (m) in a time (ms) from where the last fix that was used left it.
func (e *estimate) within(f *fix, z [2]float64, ms int64) bool {
	at := e.kf.Position()
	nominal := float64(f.sigma) / 10
	return length(z[0]-at[0], z[1]-at[1]) <= fastest*seconds(ms)+2*gateSigmas*nominal
}

// suspect says that a fix is no second witness of where the truck is: it repeats the coordinates of the one before,
// has a coordinate that a receiver fills in, or has lost a sign.
func (e *estimate) suspect(f *fix) bool {
	if f.lat == e.lat && f.lon == e.lon || filledIn(f.lat, f.lon) {
		return true
	}
	z, gap := e.plane.Metres(f.degrees()), e.gap()
	if e.within(f, z, gap) {
		return false
	}
	elapsed := f.time - e.fixed + gap
	if e.doubted() || elapsed > e.fixed-e.since+2*gap { // what the track rests on may have been mirrored
		return false
	}
	east := e.plane.Metres(float64(f.lat)/e7, -float64(f.lon)/e7)
	north := e.plane.Metres(-float64(f.lat)/e7, float64(f.lon)/e7)
	return e.within(f, east, elapsed) && !e.within(f, z, elapsed) ||
		e.within(f, north, elapsed) && !e.within(f, z, elapsed)
}

// filledIn says that a receiver without a fix writes such coordinates.
func filledIn(lat, lon int32) bool {
	return lat == 0 || lon == 0 || lon == 180*e7 || lon == -180*e7
}

// frozen says that a receiver repeats its coordinates while it reports to be moving.
func (e *estimate) frozen(f *fix) bool {
	dt := seconds(f.time - e.seen)
	return f.lat == e.lat && f.lon == e.lon && f.speed != notReported && dt <= learnWithin &&
		f.metres()*dt > hardest*dt*dt/2+gateSigmas*e.spread(f)
}

// stale says that a fix repeats, to the last digit, the place before the one where the truck was seen last, far from
// there: a device that sends what it has kept. It says neither that the truck went back nor anything against those that
// lead away; but where these do not agree with one another either, it is as good as they are. Told twice in a row it is
// a fix as others are.
func (e *estimate) stale(f *fix) bool {
	if e.again || e.left != mark(f.lat, f.lon) {
		return false
	}
	way := e.moved(e.plane.Metres(f.degrees()))
	since := f.time - e.seen
	return length(way[0], way[1]) > gateSigmas*math.Sqrt2*e.spread(f) &&
		(e.rejects == 0 || e.rejects > 2 || f.time-e.fixed+2*since <= e.gap())
}

// leave remembers the place that was seen last, if the track was there, as the truck is seen elsewhere.
func (e *estimate) leave(f *fix) {
	switch {
	case e.again && e.left == mark(f.lat, f.lon):
		e.repeats = false
	case !e.repeats && e.rejects == 0 && (f.lat != e.lat || f.lon != e.lon):
		e.left = mark(e.lat, e.lon)
	}
	e.again = false
}
