package track

import "math"

// units are those that speeds are told in by mistake, in m/s: knots, miles and kilometres an hour, feet a second.
var units = [...]float64{0.514444, 0.44704, 1 / 3.6, 0.3048}

// unitWidth is half of the way from knots to miles an hour, as a share.
var unitWidth = (units[0]/units[1] - 1) / 2

// scale is what the reported speeds are to be multiplied by: their unit, and what wheels or slip are off. It is false
// when they are in no known unit.
func (d *receiver) scale(by *Recipe) (s float64, ok bool) {
	unit := d.unit()
	slope, noise := d.fit(by, unit)
	off, xx := 0.0, unit*unit*float64(d.told)
	if xx > 0 {
		off = unit*float64(d.product)/xx - 1
	}
	return unit * slope, math.Abs(off) <= 2*unitWidth || off*off*xx <= gateSigmas*gateSigmas*noise
}

// explains says whether the velocities, at whatever scale, leave of the positions' ways little more than is new in
// each fix (m² per axis): a course that is always 0, or a speed that is stuck, does not.
func (d *receiver) explains(white float64) bool {
	rest := float64(d.went)
	if d.product > 0 {
		rest -= float64(d.product) * float64(d.product) / float64(d.told)
	}
	return d.steps < manyFixes/2 || rest <= float64(d.steps)*(3*4*white+5)
}

// fit is the slope of the positions' way on that by velocities in a unit, drawn to 1, and the noise (m² per axis) of a
// step. The velocities' own noise is small beside the positions', so the slope is hardly biased by it.
func (d *receiver) fit(by *Recipe, unit float64) (slope, noise float64) {
	xy, xx := unit*float64(d.product), unit*unit*float64(d.told)
	noise = 0.1 // m², what a truck does between two velocities
	if xx > 0 && d.steps > 1 {
		noise += max(0, float64(d.went)-xy*xy/xx) / (2 * float64(d.steps))
	}
	prior := noise / (by.Wheels * by.Wheels)
	return (xy + prior) / (xx + prior), noise
}

// residual is the sum of squares (m²) of what the positions' way is off that by velocities in a unit.
func (d *receiver) residual(unit float64) float64 {
	return max(float64(d.went)-2*unit*float64(d.product)+unit*unit*float64(d.told), 0.1*float64(d.steps)+0.1)
}

// unit is what the speeds are in, m/s. Each known one is a hypothesis, and the noise is that of its own residuals, so
// that noisy positions alone tell none: the log likelihood ratio of two is the number of steps times that of their
// residuals. Metres a second need the least proof.
func (d *receiver) unit() float64 {
	best, least := 1.0, float64(d.steps)*math.Log(d.residual(1))
	for _, u := range units {
		if x := float64(d.steps)*math.Log(d.residual(u)) + gateSigmas; x < least {
			best, least = u, x
		}
	}
	return best
}

// estimateScale takes in how far (m) a truck went in dt seconds, with the velocities reported at both ends, whatever
// the gate says of them.
func (d *receiver) estimateScale(way, v0, v1 [2]float64, dt float64) {
	keep := max(0, 1-dt/memory)
	var product, told, went float64
	for i := range way {
		path := (v0[i] + v1[i]) / 2 * dt
		product, told, went = product+way[i]*path, told+path*path, went+way[i]*way[i]
	}
	d.product, d.told = float32(keep*float64(d.product)+product), float32(keep*float64(d.told)+told)
	d.went, d.steps = float32(keep*float64(d.went)+went), float32(keep*float64(d.steps)+1)
}
