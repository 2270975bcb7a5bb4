package sim

import (
	"math"
	"math/rand/v2"

	"argos"
)

// How a receiver errs. Most of it is a Gauss-Markov process of the first order an axis, for satellites, atmosphere and
// streets change slowly: real fixes have a correlation of 0.86 to 0.99 from one second to the next.
const (
	slowSigma  = 2.2  // m an axis
	slowTau    = 30.0 // s
	whiteSigma = 0.6  // m an axis
	pathSigma  = 16.0 // m an axis, in a burst of multipath
	pathTau    = 6.0  // s
)

// receiver is a truck's GNSS device. What it reports beside the position depends on its kind.
type receiver struct {
	rng       *rand.Rand
	quality   float64 // factor on all its errors
	claims    bool    // reports its accuracy
	doppler   bool    // reports speed and heading
	slow      vec     // the present slow error
	path      vec     // the present multipath error
	keepSlow  float64 // exp(-dt/tau)
	keepPath  float64
	trembling float64 // factor on the accuracy that it claims: it does not know better
}

func newReceiver(rng *rand.Rand, period float64) receiver {
	r := receiver{
		rng: rng, quality: 0.7 + 0.7*rng.Float64(), claims: rng.Float64() < 0.75, doppler: rng.Float64() < 0.85,
		keepSlow: math.Exp(-period / slowTau), keepPath: math.Exp(-period / pathTau), trembling: 1,
	}
	r.slow = r.gauss().scaled(slowSigma)
	return r
}

func (r *receiver) gauss() vec { return vec{r.rng.NormFloat64(), r.rng.NormFloat64()} }

// observe fills a fix with what the receiver makes of a place and a velocity. Call it once a period.
func (r *receiver) observe(f *argos.Fix, pos, dir vec, v float64, burst bool) {
	r.slow = r.slow.scaled(r.keepSlow).add(r.gauss().scaled(slowSigma * math.Sqrt(1-r.keepSlow*r.keepSlow)))
	r.path = r.path.scaled(r.keepPath)
	if burst {
		r.path = r.path.add(r.gauss().scaled(pathSigma * math.Sqrt(1-r.keepPath*r.keepPath)))
	}
	seen := pos.add(r.slow.add(r.gauss().scaled(whiteSigma)).scaled(r.quality)).add(r.path)
	at := seen.latLon()
	f.Lat, f.Lon = round(at.Lat, 1e7), round(at.Lon, 1e7)

	r.trembling += 0.1*(1-r.trembling) + 0.04*r.rng.NormFloat64()
	shaken := r.path.length() // the receiver notices a part of what multipath does to it
	sky := r.rng.Float64()
	f.HDOP = round(0.7+0.4*r.quality*max(0.5, r.trembling)+0.1*sky+shaken/15, 100)
	f.Alt = round(4+1.5*r.slow.x+r.rng.NormFloat64(), 10)
	if r.claims {
		f.Accuracy = round(1.5*slowSigma*r.quality*max(0.5, r.trembling)+0.4*shaken, 10)
	}
	dv, turn := r.rng.NormFloat64(), r.rng.NormFloat64()
	if !r.doppler {
		return
	}
	sigma := 0.1 * r.quality * (1 + shaken/5) // m/s
	f.Speed = round(math.Abs(v+sigma*dv), 100)
	if v > 0.5 {
		course := math.Atan2(dir.x, dir.y)*180/math.Pi + turn*math.Atan(2*sigma/v)*180/math.Pi
		f.Heading = math.Mod(round(math.Mod(course+720, 360), 10), 360)
	}
}

// round keeps 1/per as the last unit, as devices do.
func round(x, per float64) float64 { return math.Round(x*per) / per }
