package track

import "math"

const (
	leastPart = 1e-5          // bounds of the share of the nominal variance that is new in each fix: from 0.3 %
	mostPart  = 1 / leastPart // to 300 times the nominal sigma
)

// estimateNoise takes in the way (m) to a fix from the one before, given those before it, all evenly spaced.
//
// The fourth difference of positions hardly shows what a truck does in the meantime: of noise of variance r that is
// new in each fix it has the variance 70 r (the squares of 1, 4, 6, 4, 1). Differences of higher order as a measure of
// noise: Gasser, Sroka, Jennen-Steinmetz, Residual variance and residual pattern in nonlinear regression, Biometrika
// 73, 1986. What it cannot see is an error that stays.
func (d *receiver) estimateNoise(by *Recipe, before *[3]vector, way [2]float64, variance float64) {
	a, b, c := before[0].units(), before[1].units(), before[2].units()
	var square float64
	for i := range way {
		x := way[i] - 3*a[i] + 3*b[i] - c[i]
		square += x * x / (2 * 70)
	}
	d.learned = min(d.learned+1, manyFixes)
	share := by.Learn
	if d.learned < manyFixes {
		share = max(share, 1/float64(d.learned+5)) // what is believed beforehand counts for five fixes
	}
	w := float64(d.white)
	w += share * (min(square/variance, 9*w) - w) // an outlier counts as three sigmas
	d.white = float32(max(leastPart, min(mostPart, w)))
}

// white is the variance (m² per axis) of what is new in a fix.
func (e *estimate) white(f *fix) float64 { return float64(e.receiver.white) * f.variance() }

// whiteOfNew is the same of one that is judged now: as long as it is hardly known, no fix that comes soon after
// another is taken at its word.
func (e *estimate) whiteOfNew(by *Recipe, f *fix) float64 {
	if e.receiver.learned < manyFixes/2 && seconds(f.time-e.seen) <= learnWithin {
		return max(e.white(f), by.White*by.Sigma*by.Sigma)
	}
	return e.white(f)
}

// slow is the variance (m² per axis) of the error that stays for a while: learned where velocities tell it.
func (e *estimate) slow(by *Recipe, f *fix) float64 {
	if f.course != notReported && e.corrects.believed {
		g := grid(f.degrees())
		return max(float64(e.receiver.slow), g*g/12)
	}
	s := e.corrects.slow * float64(f.sigma) / 10 / by.Sigma
	return s * s
}

// slowByNoise is the slow error (m per axis, at HDOP 1) by what is new in each fix: what reflects much makes both, and
// receivers that filter leave little of either.
func (d *receiver) slowByNoise(by *Recipe) float64 {
	return min(by.SlowShare*by.Sigma*math.Sqrt(float64(d.white)), by.SlowMost)
}
