package track

import "math"

// receiver is what a track has learned of its receiver, which outlives gaps. Each part has a file of its own:
// noise.go, slow.go, lag.go, scale.go.
type receiver struct {
	white   float32 // share of a fix's nominal variance that is new in each fix
	learned uint8   // fixes that it was learned from, counted up to manyFixes

	slow  float32 // m² per axis, of the slow error
	drift vector  // m: positions less the path by the reported velocities, its mean over the decay time taken away

	lagged, turned float32 // sums of the regression of what positions lack on the change of velocity

	product, told, went, steps float32 // m²: sums of way times path by velocities, path², way²
}

// correction is what the receiver's ways make of what it reports.
type correction struct {
	scale                    float64 // what the reported speeds are to be multiplied by
	known, believed          bool    // they are in a known unit, and explain how the positions move
	positionLag, velocityLag float64 // s
	slow                     float64 // m per axis at HDOP 1: the slow error, where velocities do not tell it
}

// correction follows from the receiver's ways, and the nominal variance (m² per axis) of the newest fix.
func (d *receiver) correction(by *Recipe, variance float64) (c correction) {
	c.scale, c.known = d.scale(by)
	c.believed = c.known && d.explains(float64(d.white)*variance)
	c.positionLag, c.velocityLag = d.lag(by)
	c.slow = d.slowByNoise(by)
	return c
}

// sample is the newest of the fixes, about a second apart, that a receiver is learned from: closer ones tell little
// that is new.
type sample struct {
	time     int64 // ms
	lat, lon int32 // 1e-7 degrees
	motion   motion
	used     bool      // by the filter, and so was each fix since the sample before
	n        uint8     // evenly spaced samples up to this one, counted up to 4; 0 is none
	dt       uint16    // ms, from the sample before
	ways     [3]vector // m, to this sample from the one before, and so on
}

const sampleEvery = 0.8 // s, at least

// learnReceiver takes in a fix that was judged.
func (e *estimate) learnReceiver(by *Recipe, f *fix, used bool) {
	s := &e.sample
	dt := seconds(f.time - s.time)
	if s.n > 0 && dt < sampleEvery {
		s.used = s.used && used
		return
	}
	repeated := f.lat == s.lat && f.lon == s.lon
	if s.n > 0 && repeated || !used && e.rejects <= 2 { // a receiver that holds its position, or what went wrong
		s.used = false
		return
	}
	next := sample{time: f.time, lat: f.lat, lon: f.lon, motion: f.motion, used: used, n: 1}
	if s.n > 0 && dt <= learnWithin {
		z, was := e.plane.Metres(f.degrees()), e.plane.Metres(float64(s.lat)/e7, float64(s.lon)/e7)
		way := [2]float64{z[0] - was[0], z[1] - was[1]}
		next.dt = uint16(1000 * dt)
		if even := math.Abs(float64(s.dt)-1000*dt) <= 100*dt; s.n == 1 || even {
			next.n = min(s.n+1, 4)
		}
		next.ways = [3]vector{vectorOf(way), s.ways[0], s.ways[1]}
		if s.n == 4 && next.n == 4 {
			e.receiver.estimateNoise(by, &s.ways, way, f.variance())
			e.corrects.slow = e.receiver.slowByNoise(by)
		}
		e.learnMotion(by, f, s, way, dt, used && s.used)
	}
	*s = next
}

// learnMotion compares how far the truck went between two samples with what the velocities at both say.
func (e *estimate) learnMotion(by *Recipe, f *fix, s *sample, way [2]float64, dt float64, used bool) {
	v0, ok0 := s.motion.velocity()
	v1, ok1 := f.velocity()
	if !ok0 || !ok1 {
		e.receiver.drift = vector{}
		return
	}
	if length(way[0], way[1]) <= fastest*dt {
		e.receiver.estimateScale(way, v0, v1, dt)
	}
	e.corrects.scale, e.corrects.known = e.receiver.scale(by)
	scale := e.corrects.scale
	if !used || !e.corrects.believed || e.good < agreeing {
		e.receiver.drift = vector{}
		return
	}
	if f.metres()+s.motion.metres() < 2*walkingSpeed { // many receivers hold their position then, and show no errors
		return
	}
	var lack, turn [2]float64
	for i := range way {
		lack[i], turn[i] = way[i]-scale*(v0[i]+v1[i])/2*dt, scale*(v1[i]-v0[i])
	}
	noise := 2 * e.white(f)
	if length(lack[0], lack[1]) > gateSigmas*math.Sqrt(2*(noise+1)) || length(turn[0], turn[1]) > hardest*dt {
		e.receiver.drift = vector{} // the way back from an outlier may be let pass where the way there was not
		return
	}
	e.receiver.estimateLag(lack, turn, dt, noise)
	e.receiver.estimateSlow(by, lack, turn, dt, noise)
	e.corrects.positionLag, e.corrects.velocityLag = e.receiver.lag(by)
}
