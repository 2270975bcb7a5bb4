package track

import (
	"math"

	"argos/transforms/kalman"
)

// standstill is a least-squares line through the positions since the truck may have stopped. A truck stands if the
// line is surely slower than a walk, by its own standard error over as long as that takes. Positions as they came
// decide: the filter's own speed would lock itself.
type standstill struct {
	told     bool       // it stands
	since    int64      // ms: the first fix
	lat, lon int32      // where that was, 1e-7 degrees
	n        uint16     // fixes, and sums over them in metres and seconds from the first one
	t, tt    float32    //
	z, tz    [2]float32 //
	zz       float32    //
}

// begin starts a line at a fix.
func (s *standstill) begin(f *fix) { *s = standstill{since: f.time, lat: f.lat, lon: f.lon, n: 1} }

// line is the line's speed (m/s) and its standard error, the mean of its positions (m), and the standard deviation of
// what is off the line (m), all per axis but the speed. The receiver's own noise counts while there are few.
func (s *standstill) line(noise float64) (speed, se float64, mean [2]float64, sigma float64) {
	n, t := float64(s.n), float64(s.t)
	vt, rest := float64(s.tt)-t*t/n, float64(s.zz)
	var slope [2]float64
	for i := range slope {
		z := float64(s.z[i])
		mean[i] = z / n
		if vt > 0 {
			c := float64(s.tz[i]) - t*z/n
			slope[i] = c / vt
			rest -= c * c / vt
		}
		rest -= z * z / n
	}
	sigma = noise
	if n > 3 {
		sigma = max(math.Sqrt(max(rest, 0)/(2*n-4)), noise/3)
	}
	return length(slope[0], slope[1]), sigma / math.Sqrt(vt), mean, sigma
}

// observe takes in a fix at z (m) with the receiver's noise (m per axis). It is true when a truck that stood no longer
// does.
func (s *standstill) observe(f *fix, z [2]float64, noise float64) (left bool) {
	if s.told {
		if _, _, mean, sigma := s.line(noise); length(z[0]-mean[0], z[1]-mean[1]) > 2*huberSigmas*max(sigma, noise) {
			s.begin(f)
			return true
		}
	}
	at := seconds(f.time - s.since)
	s.n = min(s.n, math.MaxInt16-1) + 1
	s.t += float32(at)
	s.tt += float32(at * at)
	for i := range z {
		s.z[i] += float32(z[i])
		s.tz[i] += float32(at * z[i])
		s.zz += float32(z[i] * z[i])
	}
	speed, se, mean, sigma := s.line(noise)
	// of those that report each hour the line is always slow
	stays := speed*at < 10*walkingSpeed+2*huberSigmas*max(sigma, noise)
	if speed-2*se > walkingSpeed/2 || !stays && speed > 2*se {
		s.begin(f)
		return false
	}
	// of one that rounds its places: long enough for a walk to another one
	s.told = stays && speed < walkingSpeed &&
		(s.told || speed+2*se < walkingSpeed && at*walkingSpeed >= grid(f.degrees()))
	if s.told && f.time-s.since > doubtTime {
		s.fold(f, mean, sigma)
	}
	return false
}

// fold makes the fixes so far some that were all taken now: what is long past says nothing of whether the truck has
// begun to move.
func (s *standstill) fold(f *fix, mean [2]float64, sigma float64) {
	s.since = f.time
	n := float32(s.n)
	s.t, s.tt, s.tz = 0, 0, [2]float32{}
	s.zz = 2 * n * float32(sigma*sigma)
	for i := range mean {
		s.z[i] = n * float32(mean[i])
		s.zz += n * float32(mean[i]*mean[i])
	}
}

// place is the mean of the positions (m in a plane) since the truck stands.
func (s *standstill) place(p *kalman.Plane) [2]float64 {
	at := p.Metres(float64(s.lat)/e7, float64(s.lon)/e7)
	n := float64(s.n)
	return [2]float64{at[0] + float64(s.z[0])/n, at[1] + float64(s.z[1])/n}
}

// updateStandstill holds the truck where its fixes, now one at z (m), say that it stands.
func (e *estimate) updateStandstill(by *Recipe, f *fix, z [2]float64) {
	from := e.plane.Metres(float64(e.standstill.lat)/e7, float64(e.standstill.lon)/e7)
	noise := length(0.1, math.Sqrt(e.white(f)))
	switch left := e.standstill.observe(f, [2]float64{z[0] - from[0], z[1] - from[1]}, noise); {
	case left: // held too long: the fix knows better where it is
		e.kf.Relocate(z, e.white(f))
		e.kf.Loosen(walkingSpeed * walkingSpeed)
	case e.holds(f):
		e.kf.UpdateVelocity([2]float64{}, by.Still*by.Still)
	}
}

// holds says whether the truck stands by its positions, and a fix does not report a speed.
func (e *estimate) holds(f *fix) bool {
	return e.standstill.told && (f.speed == notReported || f.stands())
}
