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
	dst.Time, dst.Lat, dst.Lon, dst.Speed, dst.Heading, dst.Accuracy = 0, nan, nan, nan, nan, nan
	dst.Status = argos.Tentative
	dst.Track = t.Append(dst.Track[:0])
	if t.n == 0 {
		return
	}
	e := &t.live
	newest := &t.window[t.n-1]
	kf := e.ahead(newest.time, e.model(t.by(), newest)) // beyond the last fix used if those since were rejected
	dst.Time, dst.Accuracy = newest.time, Accuracy(&kf, max(e.doubt(), e.contradiction(&kf)))
	at := kf.Position()
	if e.standstill.told && e.stopped() { // the mean of what was seen there does not creep
		mean := e.standstill.place(&e.plane)
		if length(mean[0]-at[0], mean[1]-at[1]) < huberSigmas*dst.Accuracy {
			at = mean
		}
	}
	dst.Lat, dst.Lon = e.plane.Degrees(at)
	if e.good == agreeing && !e.doubted() && !e.contradicted() {
		dst.Status = argos.Moving
		if e.stopped() {
			dst.Status, dst.Speed = argos.Stopped, 0
			return
		}
	}
	if e.good > 1 { // one fix says nothing of a velocity
		v := kf.Velocity()
		dst.Speed = length(v[0], v[1])
		if dst.Speed > kf.VelocitySigma() {
			dst.Heading = math.Mod(math.Atan2(v[0], v[1])*180/math.Pi+360, 360)
		}
	}
}

// Accuracy is what is claimed of a filter's position, m per axis: its own sigma, and half of the way to where else the
// truck may be.
func Accuracy(kf *kalman.Filter, doubt float64) float64 {
	return length(kf.PositionSigma(), doubt/2)
}

// contradicted says that for longer than a silence no fix agreed with the track, though they do not have a coordinate
// that receivers fill in.
func (e *estimate) contradicted() bool {
	return e.seen-e.fixed > e.gap() && !filledIn(e.lat, e.lon)
}

// contradiction is how far (m) from the predicted place the fix seen last is, if the truck may be there.
func (e *estimate) contradiction(kf *kalman.Filter) float64 {
	if !e.contradicted() {
		return 0
	}
	at, seen := kf.Position(), e.plane.Metres(float64(e.lat)/e7, float64(e.lon)/e7)
	return length(seen[0]-at[0], seen[1]-at[1])
}

// stopped says whether the truck stands still: by the speed that its newest fix reports, if its positions do not tell
// otherwise, else by those alone.
func (e *estimate) stopped() bool {
	if e.motion.speed == notReported {
		return e.standstill.told
	}
	v := e.kf.Velocity()
	return e.motion.stands() && length(v[0], v[1]) < walkingSpeed+huberSigmas*e.kf.VelocitySigma()
}
