package track

import (
	"math"

	"argos/transforms/kalman"
)

// estimate is all that is known at one time, from the fixes up to it. It is a pure function of those fixes in time
// order: step takes the next one. An estimate without a fix (good 0) knows only that seen is where its time begins.
type estimate struct {
	good     uint8   // consistent fixes since the start, counted up to agreeing; fewer: tentative
	run      uint8   // consecutive rejects, each consistent with the one before
	seen     int64   // ms: the last fix judged
	lat, lon int32   // where that was, 1e-7 degrees
	motion   motion  // that it reported
	sigma    uint16  // dm, its nominal one
	time     int64   // ms: what kf speaks of; the last fix used, or whose speed was
	fixed    int64   // ms: the last fix used
	interval float32 // s between fixes, a running mean; 0 is unknown
	device   device

	originLat, originLon int32 // of plane, 1e-7 degrees
	plane                kalman.Plane
	kf                   kalman.Filter
}

// seconds turns a difference of times in ms.
func seconds(ms int64) float64 { return float64(ms) / 1000 }

// start begins anew at a fix, with nothing but the reporting interval and the receiver's ways from before.
func (e *estimate) start(by *Recipe, f *fix) {
	if e.device == (device{}) {
		e.device = newDevice(by, f)
	}
	e.good, e.run, e.time, e.fixed = 1, 0, f.time, f.time
	e.device.slip = [2]float32{}
	e.touch(f.lat, f.lon)
	v := f.variance()
	e.kf.Start([2]float64{}, float64(e.device.white)*v, startVelocity*startVelocity, by.Fresh*float64(e.device.slow)*v)
	e.hear(by, f, 0)
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
	if math.Hypot(x[0], x[1]) <= e.plane.Reach() {
		return
	}
	lat, lon := e.plane.Degrees([2]float64{x[0], x[1]})
	e.touch(int32(math.Round(lat*e7)), int32(math.Round(lon*e7)))
	m := e.plane.Metres(lat, lon)
	x[0], x[1] = m[0], m[1]
}

// round gives the filter the precision of its packed form.
func (e *estimate) round() {
	for i := range e.kf.X {
		e.kf.X[i] = float64(float32(e.kf.X[i]))
		for j := i; j < len(e.kf.X); j++ {
			p := float64(float32(e.kf.P[i][j]))
			e.kf.P[i][j], e.kf.P[j][i] = p, p
		}
	}
}

// model is how the truck and its receiver may change until a fix of that time (ms), nominal variance (m²) and motion.
func (e *estimate) model(by *Recipe, time int64, m motion, variance float64) kalman.Motion {
	// An acceleration lasts for a spell (Singer 1970), so that over longer it changes a velocity by more than noise that is as strong over
	// a second would. Below a second reported velocities, whose errors last as long, show no difference.
	dt := math.Max(1, seconds(time-e.time))
	q := by.Accel * dt / (dt + spell)
	if m.speed == notReported {
		// What is fast neither turns nor brakes much: by the drives' own speeds, a tenth or less of q beyond 20 m/s. Over longer the
		// speed changes, however fast the truck is. That the filter's own speed decides may be wrong by a factor, no more.
		v := e.kf.Velocity()
		u := (v[0]*v[0] + v[1]*v[1]) / (by.Cruise * by.Cruise)
		q = by.AccelAlone / (1 + u*u/math.Max(1, float64(e.interval)))
	}
	shrink := 1.0 // an error that came with bad geometry goes with it
	if was := float64(e.sigma) * float64(e.sigma) / 100; was > shrinks*variance {
		shrink = math.Sqrt(variance / was)
	}
	return kalman.Motion{Accel: q, Bias: float64(e.device.slow) * variance, Decay: by.Decay, Shrink: shrink}
}

// ahead is the filter at a later time.
func (e *estimate) ahead(time int64, m kalman.Motion) kalman.Filter {
	kf := e.kf
	kf.Predict(seconds(time-e.time), m)
	return kf
}

// learn takes in that a fix came at the given distance (s) from the one before.
func (e *estimate) learn(dt float64) {
	was := float64(e.interval)
	if was != 0 {
		dt = was + intervalShare*(math.Min(dt, gapIntervals*was)-was)
	}
	e.interval = float32(math.Min(dt, maxInterval))
}

// gap is how long (ms) a truck may be silent before the past says nothing of its present.
func (e *estimate) gap() int64 {
	if e.interval == 0 {
		return unknownGap
	}
	return int64(math.Max(minGap, math.Round(gapIntervals*1000*float64(e.interval))))
}
