package track

import (
	"math"

	"argos/transforms/kalman"
)

// estimate is all that is known at one time, from the fixes up to it. It is a pure function of those fixes in time
// order: step takes the next one. An estimate without a fix (good 0) knows only that seen is where its time begins.
type estimate struct {
	good     uint8   // consistent fixes since the start, counted up to agreeing; fewer: tentative
	rejects  uint8   // consecutive rejects, each consistent with the one before
	seen     int64   // ms: the last fix judged
	lat, lon int32   // where that was, 1e-7 degrees
	motion   motion  // that it reported
	sigma    uint16  // dm, its nominal one
	pace     vector  // from the fix before to that one, cm/s
	left     uint32  // mark of the place from which the fixes before led away; 0 is none
	repeats  bool    // that has come again since, between others
	again    bool    // since the fix seen last, too
	interval float32 // s between fixes, a running mean to 1 in 250; 0 is unknown

	time  int64      // ms: what kf speaks of; the last fix used, or whose velocity was
	fixed int64      // ms: the last fix used
	since int64      // ms: the start
	leap  [2]float32 // m: how far from where the track would have gone on it was begun anew; zero if it was not

	agility    float32 // how many times more than usual the truck accelerates
	innovation [2]int8 // of the last fix used, in sixteenths of its sigma
	accel      float64 // m²/s³ by which kf came to time; not packed, for replay alone
	relocated  bool    // the last fix was used though kf did not lead there; not packed, the same
	verdict    verdict // of the fix judged last; for Decision alone, not packed

	receiver   receiver
	corrects   correction // that follows from receiver; not packed
	sample     sample
	standstill standstill

	originLat, originLon int32 // of plane, 1e-7 degrees
	plane                kalman.Plane
	kf                   kalman.Filter
}

// vector is a length or a velocity in hundredths, bounded: as precise as coordinates are.
type vector [2]int16

func vectorOf(v [2]float64) (out vector) {
	for i := range v {
		out[i] = int16(math.RoundToEven(max(-math.MaxInt16, min(math.MaxInt16, 100*v[i]))))
	}
	return out
}

func (v vector) units() [2]float64 { return [2]float64{float64(v[0]) / 100, float64(v[1]) / 100} }

// length is that of a vector. math.Hypot guards against an overflow that metres on earth cannot reach, at several
// times the cost.
func length(x, y float64) float64 { return math.Sqrt(x*x + y*y) }

// seconds turns a difference of times in ms.
func seconds(ms int64) float64 { return float64(ms) / 1000 }

// start begins anew at a fix, with nothing but the reporting interval and the receiver's ways from before.
func (e *estimate) start(by *Recipe, f *fix) {
	if e.receiver == (receiver{}) {
		e.receiver = receiver{white: float32(by.White), slow: float32(by.Slow)}
	}
	e.corrects = e.receiver.correction(by, f.variance())
	e.good, e.rejects, e.time, e.fixed, e.since = 1, 0, f.time, f.time, f.time
	e.agility, e.innovation, e.leap = 1, [2]int8{}, [2]float32{}
	e.receiver.drift = vector{}
	e.sample.used = false
	e.standstill.begin(f)
	e.touch(f.lat, f.lon)
	var at [2]float64
	if v, ok := e.velocity(f.motion); ok { // the fix is from a moment ago
		lag := e.corrects.positionLag
		at = [2]float64{lag * v[0], lag * v[1]}
	}
	e.kf.Start(at, e.white(f), fastest*fastest/9, e.slow(by, f))
	e.updateVelocity(by, f, 0)
}

// touch lays the plane at a place, unless it is there already.
func (e *estimate) touch(lat, lon int32) {
	if e.originLat == lat && e.originLon == lon && e.plane != (kalman.Plane{}) {
		return
	}
	e.originLat, e.originLon = lat, lon
	e.plane = kalman.NewPlane(float64(lat)/e7, float64(lon)/e7)
}

// recentre moves the plane along with a truck that has left its reach.
func (e *estimate) recentre() {
	x := &e.kf.X
	if length(x[0][0], x[1][0]) <= e.plane.Reach() {
		return
	}
	lat, lon := e.plane.Degrees([2]float64{x[0][0], x[1][0]})
	e.touch(int32(math.RoundToEven(lat*e7)), int32(math.RoundToEven(lon*e7)))
	m := e.plane.Metres(lat, lon)
	x[0][0], x[1][0] = m[0], m[1]
}

// round gives the filter the precision of its packed form.
func (e *estimate) round() {
	for i := range e.kf.X {
		for j := range e.kf.X[i] {
			e.kf.X[i][j] = float64(float32(e.kf.X[i][j]))
		}
	}
	for i := range e.kf.P {
		for j := i; j < len(e.kf.P); j++ {
			p := float64(float32(e.kf.P[i][j]))
			e.kf.P[i][j], e.kf.P[j][i] = p, p
		}
	}
}

// model is how the truck and its receiver may change until a fix.
func (e *estimate) model(by *Recipe, f *fix) kalman.Motion {
	q := by.Accel * float64(e.agility)
	if e.holds(f) {
		q = by.Still * by.Still // in a second the velocity strays by as much as it is held by
	}
	return kalman.Motion{Accel: q, Bias: e.slow(by, f), Decay: by.Decay}
}

// ahead is the filter at a later time.
func (e *estimate) ahead(time int64, m kalman.Motion) kalman.Filter {
	kf := e.kf
	kf.Predict(seconds(time-e.time), m)
	return kf
}

// learnInterval takes in that a fix came at the given distance (s) from the one before.
func (e *estimate) learnInterval(dt float64) {
	if was := float64(e.interval); was != 0 {
		dt = (3*was + min(dt, gapIntervals*was)) / 4
	}
	e.interval = coarse(min(dt, maxInterval))
}

// coarse is a number to the precision of the upper half of a float32.
func coarse(x float64) float32 {
	return math.Float32frombits((math.Float32bits(float32(x)) + 1<<15) &^ (1<<16 - 1))
}

// gap is how long (ms) a truck may be silent before the past says nothing of its present.
func (e *estimate) gap() int64 {
	if e.interval == 0 {
		return unknownGap
	}
	return int64(max(silence, math.RoundToEven(gapIntervals*1000*float64(e.interval))))
}

// moved is the way (m) from the fix seen last to a place in the plane.
func (e *estimate) moved(z [2]float64) [2]float64 {
	was := e.plane.Metres(float64(e.lat)/e7, float64(e.lon)/e7)
	return [2]float64{z[0] - was[0], z[1] - was[1]}
}
