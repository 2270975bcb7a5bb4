package track

import (
	"math"

	"argos/transforms/kalman"
)

// step takes in the next fix in time order and says whether it was used.
func (e *estimate) step(by *Recipe, f *fix) bool {
	used := true
	e.verdict = verdict{reason: WithinGate}
	switch {
	case e.good == 0:
		e.verdict.reason = Began
		e.start(by, f)
	case e.stale(f):
		e.verdict.reason = Stale
		e.repeats, e.again = true, true
		return false
	default:
		e.leave(f)
		z := e.plane.Metres(f.degrees())
		dt := seconds(f.time - e.seen)
		way := e.moved(z)
		used = e.judge(by, f, z)
		e.pace = vectorOf([2]float64{way[0] / dt, way[1] / dt})
		e.learnInterval(dt)
	}
	e.learnReceiver(by, f, used)
	e.seen, e.lat, e.lon, e.motion, e.sigma = f.time, f.lat, f.lon, f.motion, f.sigma
	e.corrects.believed = e.corrects.known && e.receiver.explains(e.white(f))
	if e.time == f.time {
		e.recentre()
		e.round()
		if !e.kf.Definite() { // no real stream of fixes leads here; whatever did, the newest fix is a way out
			e.start(by, f)
			e.round()
			used, e.verdict.reason = true, Began
		}
	}
	return used
}

// judge decides what a fix at z (m) is worth: a new start after a silence, nothing, or an update.
func (e *estimate) judge(by *Recipe, f *fix, z [2]float64) bool {
	gap := e.gap()
	switch {
	case f.time-e.seen > gap && e.reachable(f, z):
		e.verdict.reason = AfterSilence
		e.start(by, f)
		return true
	case f.time-e.fixed > gap && !e.suspect(f) && e.reachable(f, z): // for so long nothing has agreed with the track
		kf := e.ahead(f.time, e.model(by, f))
		e.verdict.reason = Leapt
		e.leapTo(by, f, &kf, z)
		return true
	case e.frozen(f):
		e.verdict.reason = Frozen
		kf := e.ahead(f.time, e.model(by, f))
		return e.leaveOut(by, f, &kf)
	}
	return e.updatePosition(by, f, z)
}

// updatePosition weighs a fix at z (m) by its innovation: what is within the gate or can be a manoeuvre moves the
// filter.
func (e *estimate) updatePosition(by *Recipe, f *fix, z [2]float64) bool {
	g := e.judgeInnovation(by, f, z)
	released := !g.passes && e.rejects > 0 && e.holds(f)
	if released { // the truck may have begun to move
		held := e.standstill
		e.standstill.begin(f)
		if moving := e.judgeInnovation(by, f, z); moving.passes {
			g = moving
		} else {
			e.standstill = held
		}
	}
	if !g.passes {
		e.verdict = g.outside()
		return e.reject(by, f, &g.kf, z)
	}
	e.accel, e.relocated = g.motion.Accel, false
	r := e.whiteOfNew(by, f)
	if e.good == agreeing {
		r *= max(1, e.doubtInnovation(by, f, z, &g)/(huberSigmas*huberSigmas))
	}
	if e.relocated {
		if !released {
			e.leap, e.since = e.leapFrom(&g.kf, z), f.time
		}
		g.kf.Relocate(z, r)
	} else {
		g.kf.UpdatePosition(z, r, e.corrects.positionLag)
	}
	e.kf, e.time, e.fixed, e.rejects = g.kf, f.time, f.time, 0
	e.updateVelocity(by, f, seconds(f.time-e.seen))
	e.updateStandstill(by, f, z)
	e.good = min(e.good+1, agreeing)
	return true
}

// judgement is what the filter says of a fix.
type judgement struct {
	kf         kalman.Filter // as predicted for the fix's time, by motion
	motion     kalman.Motion
	innovation kalman.Innovation
	passes     bool // within the gate, and a place that a truck can have reached
}

// outside is the verdict of a fix that did not pass.
func (g *judgement) outside() verdict {
	return verdict{
		reason: OutsideGate, metres: float32(length(g.innovation.Y[0], g.innovation.Y[1])),
		sigmas: float32(math.Sqrt(g.innovation.NIS())),
	}
}

func (e *estimate) judgeInnovation(by *Recipe, f *fix, z [2]float64) (g judgement) {
	g.motion = e.model(by, f)
	g.kf = e.ahead(f.time, g.motion)
	g.innovation = g.kf.JudgePosition(z, e.whiteOfNew(by, f), e.corrects.positionLag)
	g.passes = e.reachable(f, z) && e.passes(by, f, &g.innovation, g.motion.Accel, seconds(f.time-e.seen))
	return g
}

// doubtInnovation tells a manoeuvre, or a track that was wrong, by an innovation beyond huberSigmas. It is the squared
// innovation in sigmas that is left.
func (e *estimate) doubtInnovation(by *Recipe, f *fix, z [2]float64, g *judgement) (nis float64) {
	nis = g.innovation.NIS()
	goesOn := e.compareInnovation(by, f, &g.innovation)
	switch {
	case nis <= huberSigmas*huberSigmas:
	case e.rejects > 0 && !f.tellsVelocity() || e.rejects > 1 && e.continues(f, gateSigmas):
		e.relocated = true // how it got there says nothing of its velocity
	case goesOn || nis > gateSigmas*gateSigmas:
		// a manoeuvre: as much acceleration as explains the innovation, and as a truck can do
		step := seconds(f.time - e.time)
		need := (nis/(huberSigmas*huberSigmas) - 1) * g.innovation.S * 3 / (step * step * step)
		e.accel += min(need, hardest*hardest*step)
		g.kf = e.ahead(f.time, kalman.Motion{Accel: e.accel, Bias: g.motion.Bias, Decay: g.motion.Decay})
		again := g.kf.JudgePosition(z, e.whiteOfNew(by, f), e.corrects.positionLag)
		nis = again.NIS()
	}
	return nis
}

// passes says whether an innovation is within the gate, given what a truck may do in dt seconds. Acceleration beyond
// the usual does not widen the gate: it is learned from fixes that passed.
func (e *estimate) passes(by *Recipe, f *fix, y *kalman.Innovation, accel, dt float64) bool {
	s := y.S
	if usual := by.Accel; accel > usual {
		step := seconds(f.time - e.time)
		s -= (accel - usual) * step * step * step / 3
	}
	away := max(0, length(y.Y[0], y.Y[1])-e.reach(f, dt))
	return away*away <= gateSigmas*gateSigmas*s || e.fixed == e.seen && e.continues(f, huberSigmas)
}

// compareInnovation learns how much the truck accelerates from how an innovation goes on with the one before: with too
// little process noise they go the same way, with too much they alternate (Mehra 1970). It says whether they go the
// same way clearly.
func (e *estimate) compareInnovation(by *Recipe, f *fix, y *kalman.Innovation) bool {
	const unit = 16
	n := 1 / math.Sqrt(y.S)
	var c float64
	for i := range y.Y {
		v := y.Y[i] * n
		c += v * float64(e.innovation[i]) / unit
		e.innovation[i] = int8(math.RoundToEven(max(-127, min(127, unit*v))))
	}
	if !e.holds(f) {
		const most = huberSigmas * huberSigmas
		x := by.Agility * max(-most, min(most, c)) / 2
		a := float64(e.agility) * (1 + x) / (1 - x) // exp of 2x, near enough
		e.agility = float32(max(1/by.AgilityRange, min(by.AgilityRange, a)))
	}
	return c > huberSigmas*huberSigmas
}
