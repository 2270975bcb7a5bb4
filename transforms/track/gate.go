package track

import "math"

// step takes in the next fix in time order and says whether it was used.
func (e *estimate) step(f *fix) bool {
	used := true
	if e.good == 0 {
		e.start(f)
	} else {
		switch {
		case e.interval != 0 && f.time-e.time > e.gap():
			e.start(f)
		case e.frozen(f):
			used = false
		default:
			used = e.judge(f)
		}
		e.learn(seconds(f.time - e.seen))
	}
	e.seen, e.lat, e.lon = f.time, f.lat, f.lon
	if used {
		e.recentre()
		e.round()
		if !e.kf.Definite() { // no real stream of fixes leads here; whatever did, the newest fix is a way out
			e.start(f)
			e.round()
		}
	}
	return used
}

// judge weighs a fix by its distance from the prediction, in sigmas.
func (e *estimate) judge(f *fix) bool {
	kf, r := e.ahead(f.time), f.variance()
	z := e.plane.Metres(f.degrees())
	nis := kf.NIS(z, r)
	if !(nis <= gateSigmas*gateSigmas) {
		return e.reject(f)
	}
	if e.good == agreeing && nis > huberSigmas*huberSigmas {
		r *= math.Sqrt(nis) / huberSigmas
	}
	kf.Update(z, r)
	e.kf, e.time, e.run = kf, f.time, 0
	e.good = min(e.good+1, agreeing)
	return true
}

// reject leaves a fix out, unless the track is no better founded than the fix: while it is tentative the newest fix
// wins, and so do enough rejects that agree with one another.
func (e *estimate) reject(f *fix) bool {
	if e.run > 0 && e.plausible(f) {
		e.run++
	} else {
		e.run = 1
	}
	if e.good == agreeing && e.run < reacquireAt {
		return false
	}
	e.start(f)
	return true
}

// plausible says whether one truck can have been at the fix seen last and at f.
func (e *estimate) plausible(f *fix) bool {
	return apart(e.lat, e.lon, f) <= fastest*seconds(f.time-e.seen)+2*gateSigmas*float64(f.sigma)
}

// frozen says that a receiver repeats its coordinates while it reports to be moving.
func (e *estimate) frozen(f *fix) bool {
	dt := seconds(f.time - e.seen)
	return f.lat == e.lat && f.lon == e.lon && f.speed != notReported &&
		dt <= frozenWithin && float64(f.speed)/100*dt > frozenTravel
}
