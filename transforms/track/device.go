package track

import "math"

// device is what a track has learned of its receiver, which outlives gaps. Shares are of a fix's nominal variance. It is learned
// from how far positions move against the reported velocities between consecutive fixes of a moving vehicle.
type device struct {
	white float32 // share of the errors that are new in each fix
	slow  float32 // share that stays for the decay time
	rough float32 // mean square of what positions lack from one fix to the next, half of it for each of the two, as a share

	slip [2]float32 // m: positions less the path by the reported velocities, its mean over the decay time taken away

	// sums of the regression of what positions lack on the change of velocity: its slope is the lag
	lagged, turned float32

	driven, told, went float32 // m²: path by the positions times that by the velocities, the latter squared, the former squared
	compared           float32 // steps in these sums

	passed, reported float32 // m²: as driven and told, between fixes that the gate let pass
}

// newDevice is one of which nothing is known but whether it reports a speed.
func newDevice(by *Recipe, f *fix) device {
	if f.speed == notReported || f.course == notReported {
		return device{white: float32(by.WhiteAlone), slow: float32(by.SlowAlone), rough: float32(by.WhiteAlone)}
	}
	return device{white: float32(by.White), slow: float32(by.Slow), rough: float32(by.White)}
}

// lag is how long ago (s) the positions and the velocities were true when they were stamped. Only their difference shows, as the slope
// of what positions lack on how velocities change. A receiver whose positions lag behind its velocities filters both.
func (d *device) lag() (position, velocity float64) {
	slope := d.slope()
	switch {
	case slope > lagWorth:
		slope = math.Min(slope, 2*(slope-lagWorth))
		velocity = math.Min(slope, velocityLag)
		return math.Min(slope+velocity, lagMost), velocity
	case slope < -lagWorth:
		return 0, math.Min(-slope, lagMost)
	}
	return 0, 0
}

// slope is the regression's, s, drawn towards none by what is known of lags beforehand.
func (d *device) slope() float64 {
	return float64(d.lagged) / (float64(d.turned) + 1/(lagPrior*lagPrior))
}

// compare takes in how far a vehicle went between two fixes, and how far by the velocities at both.
func (d *device) compare(moved, v0, v1 [2]float64, dt float64) {
	keep := 1 - dt/lagTime
	var driven, told, went float64
	for i := range moved {
		path := (v0[i] + v1[i]) / 2 * dt
		driven, told, went = driven+moved[i]*path, told+path*path, went+moved[i]*moved[i]
	}
	d.driven, d.told = float32(keep*float64(d.driven)+driven), float32(keep*float64(d.told)+told)
	d.went, d.compared = float32(keep*float64(d.went)+went), float32(keep*float64(d.compared)+1)
}

// scale is what the reported speeds are to be multiplied by: those of wheels are off by some percent. It is drawn towards 1.
func (d *device) scale() float64 {
	s := (float64(d.passed) + scalePrior) / (float64(d.reported) + scalePrior)
	return math.Max(1-wrongUnit, math.Min(1+wrongUnit, s))
}

// misleads says that the reported speeds are in another unit than they should be: the vehicle goes much further, or less far.
func (d *device) misleads() bool {
	driven, told, went := float64(d.driven), float64(d.told), float64(d.went)
	return d.compared > comparedEnough && told > comparedPath && driven > 0 && driven*driven > alike*told*went && math.Abs(driven/told-1) > wrongUnit
}

// settle takes in what a position tells of the white share: the expectation of its error squared, given its innovation (a step of
// expectation maximisation for the measurement noise, Shumway and Stoffer 1982), square and prior in m².
func (d *device) settle(square, prior, variance float64) {
	w := float64(d.white)
	r := w * variance
	s := prior + r
	gain := r / s
	w += learnShare * gain * gain * (math.Min(square, huberSigmas*huberSigmas*s) - s) / variance
	d.white = bound(w)
}

// follow takes in how far a vehicle went between two fixes that were used, moved (m) in dt s, with the velocities reported at both.
func (d *device) follow(by *Recipe, moved, v0, v1 [2]float64, dt, variance float64) {
	var lack, turn [2]float64
	var passed, reported float64
	scale := d.scale()
	for i := range 2 {
		path := (v0[i] + v1[i]) / 2 * dt
		passed, reported = passed+moved[i]*path, reported+path*path
		lack[i], turn[i] = moved[i]-scale*path, scale*(v1[i]-v0[i])
	}
	w := float64(d.white) * variance
	if w > learnNoise || lack[0]*lack[0]+lack[1]*lack[1] > gateSigmas*gateSigmas*2*(w+1) || turn[0]*turn[0]+turn[1]*turn[1] > hardest*hardest*dt*dt {
		d.slip = [2]float32{} // the way back from an outlier may be let pass where the way there was not
		return
	}
	keep := 1 - dt/lagTime
	d.passed, d.reported = float32(keep*float64(d.passed)+passed), float32(keep*float64(d.reported)+reported)
	noise := 2*w + 0.1
	d.lagged = float32(keep*float64(d.lagged) - (lack[0]*turn[0]+lack[1]*turn[1])/noise)
	d.turned = float32(keep*float64(d.turned) + (turn[0]*turn[0]+turn[1]*turn[1])/noise)
	slope := d.slope()
	fade := math.Exp(-dt / by.Decay)
	var square, step float64
	for i := range 2 {
		a := lack[i] + slope*turn[i]
		s := fade * (float64(d.slip[i]) + a)
		d.slip[i] = float32(s)
		square, step = square+s*s/2/variance, step+a*a/4/variance
	}
	// Of a Gauss-Markov process a mean over its own correlation time takes a part of the variance away; what is new in each fix remains.
	slow, rough, share := float64(d.slow), float64(d.rough), dt/learnTime
	const limit = huberSigmas * huberSigmas
	rough += share * (math.Min(step, limit*rough) - rough)
	square = math.Min(square, limit*(slow/by.Spread+by.Rough*rough))
	slow += share * (by.Spread*(square-by.Rough*rough) - slow)
	d.rough, d.slow = bound(rough), bound(slow)
}

// bound keeps a share within what is possible.
func bound(share float64) float32 {
	return float32(math.Max(minShare, math.Min(maxShare, share)))
}
