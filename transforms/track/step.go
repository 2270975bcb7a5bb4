package track

import (
	"math"

	"argos/transforms/kalman"
)

// step takes in the next fix in time order and says whether it was used.
func (e *estimate) step(by *Recipe, f *fix) bool {
	used := true
	if e.good == 0 {
		e.start(by, f)
	} else {
		z := e.plane.Metres(f.degrees())
		dt := seconds(f.time - e.seen)
		way := e.moved(z)
		used = e.judge(by, f, z)
		e.pace = vectorOf([2]float64{way[0] / dt, way[1] / dt})
		e.learnInterval(dt)
	}
	e.learnReceiver(by, f, used)
	e.seen, e.lat, e.lon, e.motion, e.sigma = f.time, f.lat, f.lon, f.motion, f.sigma
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

// judge decides what a fix at z (m) is worth: a new start after a silence, nothing, or an update.
func (e *estimate) judge(by *Recipe, f *fix, z [2]float64) bool {
	gap := e.gap()
	switch {
	case f.time-e.seen > gap && e.reachable(f, z):
		e.start(by, f)
		return true
	case f.time-e.fixed > gap && !e.suspect(f) && e.reachable(f, z): // for so long nothing has agreed with the track
		kf := e.ahead(f.time, e.model(by, f))
		e.leapTo(by, f, &kf, z)
		return true
	case e.frozen(f):
		kf := e.ahead(f.time, e.model(by, f))
		return e.leaveOut(by, f, &kf)
	}
	return e.updatePosition(by, f, z)
}

// updatePosition weighs a fix at z (m) by its innovation: what is within the gate or can be a manoeuvre moves the filter.
func (e *estimate) updatePosition(by *Recipe, f *fix, z [2]float64) bool {
	m, r := e.model(by, f), e.white(f)
	kf := e.ahead(f.time, m)
	lag := e.corrects.positionLag
	y := kf.JudgePosition(z, r, lag)
	dt := seconds(f.time - e.seen)
	left, passes := false, e.reachable(f, z) && e.passes(by, f, &y, m.Accel, dt)
	if !passes && e.rejects > 0 && e.holds(f) { // it may have begun to move
		held := e.standstill
		e.standstill.begin(f)
		m = e.model(by, f)
		kf = e.ahead(f.time, m)
		y = kf.JudgePosition(z, r, lag)
		if passes = e.reachable(f, z) && e.passes(by, f, &y, m.Accel, dt); passes {
			left = true
		} else {
			e.standstill = held
			kf = e.ahead(f.time, e.model(by, f))
		}
	}
	if !passes {
		return e.reject(by, f, &kf, z)
	}
	e.accel, e.relocated = m.Accel, false
	if e.good == agreeing {
		nis := y.NIS()
		goesOn := e.compareInnovation(by, f, &y)
		switch {
		case nis <= huberSigmas*huberSigmas:
		case e.rejects > 0 && !f.tellsVelocity() || e.rejects > 1 && e.continues(f, gateSigmas):
			// it is the track that was wrong; how it got there says nothing of its velocity
			e.relocated = true
		case goesOn || nis > gateSigmas*gateSigmas:
			// A manoeuvre: as much acceleration as explains the innovation, and as a truck can do.
			step := seconds(f.time - e.time)
			need := (nis/(huberSigmas*huberSigmas) - 1) * y.S * 3 / (step * step * step)
			e.accel += min(need, hardest*hardest*step)
			kf = e.ahead(f.time, kalman.Motion{Accel: e.accel, Bias: m.Bias, Decay: m.Decay})
			y = kf.JudgePosition(z, r, lag)
			nis = y.NIS()
		}
		r *= max(1, nis/(huberSigmas*huberSigmas))
	}
	if e.relocated {
		if !left {
			e.leap, e.since = e.leapFrom(&kf, z), f.time
		}
		kf.Relocate(z, r)
	} else {
		kf.UpdatePosition(z, r, lag)
	}
	e.kf, e.time, e.fixed, e.rejects = kf, f.time, f.time, 0
	e.updateVelocity(by, f, dt)
	e.updateStandstill(by, f)
	e.good = min(e.good+1, agreeing)
	return true
}

// passes says whether an innovation is within the gate, given what a truck may do in dt seconds. Acceleration beyond the usual does not
// widen the gate: it is learned from fixes that passed.
func (e *estimate) passes(by *Recipe, f *fix, y *kalman.Innovation, accel, dt float64) bool {
	s := y.S
	if usual := by.Accel; accel > usual {
		step := seconds(f.time - e.time)
		s -= (accel - usual) * step * step * step / 3
	}
	away := max(0, math.Hypot(y.Y[0], y.Y[1])-e.reach(by, f, dt))
	return away*away <= gateSigmas*gateSigmas*s || e.fixed == e.seen && e.continues(f, huberSigmas)
}

// compareInnovation learns how much the truck accelerates from how an innovation goes on with the one before: with too little process noise
// they go the same way, with too much they alternate (Mehra 1970). It says whether they go the same way clearly.
func (e *estimate) compareInnovation(by *Recipe, f *fix, y *kalman.Innovation) bool {
	const unit = 16
	n := 1 / math.Sqrt(y.S)
	var c float64
	for i := range y.Y {
		v := y.Y[i] * n
		c += v * float64(e.innovation[i]) / unit
		e.innovation[i] = int8(math.Round(max(-127, min(127, unit*v))))
	}
	if !e.holds(f) {
		const most = huberSigmas * huberSigmas
		a := float64(e.agility) * math.Exp(by.Agility*max(-most, min(most, c)))
		e.agility = float32(max(1/by.AgilityRange, min(by.AgilityRange, a)))
	}
	return c > huberSigmas*huberSigmas
}
