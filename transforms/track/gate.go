package track

import (
	"math"

	"argos/transforms/kalman"
)

// step takes in the next fix in time order and says whether it was used.
func (e *estimate) step(by *Recipe, f *fix) bool {
	used, reported := true, f.motion
	believed := !e.device.misleads()
	if e.good > 0 {
		e.compare(f)
	}
	if e.device.misleads() {
		silent := *f
		silent.motion = motion{notReported, notReported}
		if f = &silent; believed { // found out: what was learned by those speeds is wrong
			d := newDevice(by, f)
			d.driven, d.told, d.went, d.compared = e.device.driven, e.device.told, e.device.went, e.device.compared
			e.device, e.good = d, 0
		}
	}
	if e.good == 0 {
		e.start(by, f)
	} else {
		switch {
		case e.interval != 0 && f.time-e.fixed > e.gap():
			e.start(by, f)
		case e.frozen(f):
			used = e.leaveOut(by, f, e.ahead(f.time, e.model(by, f.time, f.motion, f.variance())))
		default:
			used = e.judge(by, f)
		}
		e.learn(seconds(f.time - e.seen))
	}
	e.seen, e.lat, e.lon, e.motion, e.sigma = f.time, f.lat, f.lon, reported, f.sigma
	if e.time == f.time {
		e.recentre()
		e.round()
		if !e.kf.Definite() { // no real stream of fixes leads here; whatever did, the newest fix is a way out
			e.start(by, f)
			e.round()
			used = true
		}
	}
	return used
}

// judge weighs a fix by its distance from the prediction, in sigmas.
func (e *estimate) judge(by *Recipe, f *fix) bool {
	variance := f.variance()
	kf := e.ahead(f.time, e.model(by, f.time, f.motion, variance))
	z, r := e.plane.Metres(f.degrees()), float64(e.device.white)*variance
	lag, _ := e.device.lag()
	y := kf.Judge(z, r, lag)
	dt := seconds(f.time - e.seen)
	if !(y.NIS <= gateSigmas*gateSigmas) {
		if e.reject(by, f) {
			return true
		}
		return e.leaveOut(by, f, kf)
	}
	if e.good == agreeing {
		e.observe(by, f, z, dt)
		e.device.settle(y.Square, y.Prior, variance)
		r *= doubt(f, y.NIS)
	}
	kf.UpdatePosition(z, r, lag)
	e.kf, e.time, e.fixed, e.run = kf, f.time, f.time, 0
	e.hear(by, f, dt)
	e.good = min(e.good+1, agreeing)
	return true
}

// doubt is how much more noise a fix is given than its nominal one for an innovation squared of nis. Where nothing else says how the
// truck goes it begins later and grows with the square: one fix just within the gate would carry the track away.
func doubt(f *fix, nis float64) float64 {
	if f.speed == notReported {
		return math.Max(1, nis/(doubtAlone*doubtAlone))
	}
	return math.Max(1, math.Sqrt(nis)/huberSigmas)
}

// leaveOut goes on without a fix's position. Where it was is wrong; how fast it was may well be right.
func (e *estimate) leaveOut(by *Recipe, f *fix, kf kalman.Filter) bool {
	if f.speed != notReported {
		e.kf, e.time = kf, f.time
		e.hear(by, f, seconds(f.time-e.seen))
	}
	return false
}

// observe has the device learned from a fix that is used, next to another one that was.
func (e *estimate) observe(by *Recipe, f *fix, z [2]float64, dt float64) {
	v0, ok0 := e.motion.velocity()
	v1, ok1 := f.velocity()
	if !ok0 || !ok1 || dt > learnWithin || e.run > 0 || e.fixed != e.seen {
		e.device.slip = [2]float32{}
		return
	}
	if f.metres()+e.motion.metres() < 2*learnSpeed {
		return
	}
	e.device.follow(by, e.moved(z), v0, v1, dt, f.variance())
}

// compare has the reported speeds checked against the way from one fix to the next, whatever the gate says of both.
func (e *estimate) compare(f *fix) {
	v0, ok0 := e.motion.velocity()
	v1, ok1 := f.velocity()
	dt := seconds(f.time - e.seen)
	moved := e.moved(e.plane.Metres(f.degrees()))
	if ok0 && ok1 && dt <= learnWithin && math.Hypot(moved[0], moved[1]) <= fastest*dt {
		e.device.compare(moved, v0, v1, dt)
	}
}

// moved is the way from the fix seen last to a place in the plane.
func (e *estimate) moved(z [2]float64) [2]float64 {
	was := e.plane.Metres(float64(e.lat)/e7, float64(e.lon)/e7)
	return [2]float64{z[0] - was[0], z[1] - was[1]}
}

// reject leaves a fix out, unless the track is no better founded than the fix: while it is tentative the newest fix
// wins, and so do enough rejects that agree with one another.
func (e *estimate) reject(by *Recipe, f *fix) bool {
	switch {
	case e.run > 0 && f.lat == e.lat && f.lon == e.lon: // a receiver that repeats itself is no second witness
	case e.run > 0 && e.plausible(f):
		e.run++
	default:
		e.run = 1
	}
	enough := uint8(reacquireAt)
	if f.speed != notReported {
		enough = reacquireSpeeds
	}
	if e.good == agreeing && e.run < enough {
		return false
	}
	e.start(by, f)
	return true
}

// plausible says whether one truck can have been at the fix seen last and at f.
func (e *estimate) plausible(f *fix) bool {
	return apart(e.lat, e.lon, f) <= fastest*seconds(f.time-e.seen)+2*gateSigmas*float64(f.sigma)/10
}

// frozen says that a receiver repeats its coordinates while it reports to be moving.
func (e *estimate) frozen(f *fix) bool {
	dt := seconds(f.time - e.seen)
	return f.lat == e.lat && f.lon == e.lon && f.speed != notReported &&
		dt <= frozenWithin && f.metres()*dt > frozenTravel
}
