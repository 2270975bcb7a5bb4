package track

import (
	"math"

	"argos"
	"argos/transforms/kalman"
)

// Fill writes the truck's document: all fields but ID, Attrs and Updated. It reuses the memory of dst.Track.
func (t *Track) Fill(dst *argos.Truck) {
	nan := math.NaN()
	dst.Rev, dst.Pos, dst.Recv, dst.Raw = t.Rev(), t.pos, t.recv, t.raw
	dst.Fixes, dst.Duplicates, dst.Late, dst.Rejected = t.fixes, t.duplicates, t.late, t.rejected
	dst.Time, dst.Lat, dst.Lon, dst.Speed, dst.Heading, dst.Accuracy, dst.Status = 0, nan, nan, nan, nan, nan, argos.Tentative
	dst.Track = t.Append(dst.Track[:0])
	if t.n == 0 {
		return
	}
	e := &t.live
	f := &t.window[t.n-1]
	kf := e.ahead(e.seen, e.model(t.by(), e.seen, f.motion, f.variance())) // beyond the last fix used if those since were rejected
	dst.Time, dst.Accuracy = e.seen, t.by().Accuracy(&kf)
	dst.Lat, dst.Lon = e.plane.Degrees(kf.Position())
	if e.good == agreeing {
		dst.Status = argos.Moving
		if t.stopped() {
			dst.Status, dst.Speed = argos.Stopped, 0
			return
		}
	}
	if e.good > 1 { // one fix says nothing of a velocity
		v := kf.Velocity()
		dst.Speed = math.Hypot(v[0], v[1])
		if dst.Speed > kf.VelocitySigma() {
			dst.Heading = math.Mod(math.Atan2(v[0], v[1])*180/math.Pi+360, 360)
		}
	}
}

// Accuracy is what is claimed of a filter's position, m per axis: its own sigma, and what no receiver can tell from its fixes, for it
// stays the same through a drive (orbits, ionosphere, where in the vehicle the antenna is).
func (r *Recipe) Accuracy(kf *kalman.Filter) float64 { return math.Hypot(kf.PositionSigma(), r.Common) }

// stopped says whether the truck stands still, by the speed that its newest fix reports, else by a straight line
// through the window's fixes as they came: the filter's own speed may not decide.
func (t *Track) stopped() bool {
	for i := t.n - 1; i >= 0; i-- {
		if f := &t.window[i]; f.used {
			if f.speed != notReported {
				return f.stands()
			}
			break
		}
	}
	return t.regression() < stoppedSpeed
}

// regression is the speed (m/s) of the least-squares line through the window's used fixes over time; infinite when there
// are too few.
func (t *Track) regression() float64 {
	var n, st, stt float64
	var sx, sxt [2]float64
	for i := range t.n {
		f := &t.window[i]
		if !f.used {
			continue
		}
		at, z := seconds(f.time-t.window[0].time), t.live.plane.Metres(f.degrees())
		n, st, stt = n+1, st+at, stt+at*at
		for k := range z {
			sx[k] += z[k]
			sxt[k] += z[k] * at
		}
	}
	if n < regressionMin {
		return math.Inf(1)
	}
	d := n*stt - st*st
	return math.Hypot((n*sxt[0]-st*sx[0])/d, (n*sxt[1]-st*sx[1])/d)
}
