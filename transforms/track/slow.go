package track

import "math"

// estimateSlow learns the size of the receiver's slow error from what positions lack (m) of the path by the reported
// velocities in dt seconds, noise (m²) being new in that.
//
// Added up, with what is older than the decay time fading, what they lack is a Gauss-Markov process less its own mean
// over its correlation time, which takes half of its variance away, and the noise of the newest fix. Positions alone
// cannot tell it from motion.
func (d *receiver) estimateSlow(by *Recipe, lack, turn [2]float64, dt, noise float64) {
	slope, fade := d.slope(by), math.Exp(-dt/by.Decay)
	var square float64
	drift := d.drift.units()
	for i := range drift {
		drift[i] = fade * (drift[i] + lack[i] + slope*turn[i])
		square += drift[i] * drift[i] / 2
	}
	d.drift = vectorOf(drift)
	slow := float64(d.slow)
	square = 2 * max(0, min(square, huberSigmas*huberSigmas*(slow/2+noise))-noise/2)
	d.slow = float32(max(1e-3, slow+min(1, dt/memory)*(square-slow)))
}
