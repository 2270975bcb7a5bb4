package sim

import (
	"math"
	"math/rand/v2"

	"argos"
	"argos/truth"
)

// Receiver describes a GNSS device and what it tells. The zero value knows each place to 1e-7 degrees, without any
// error, and reports positions alone.
type Receiver struct {
	White    float64 // m an axis, anew in each fix
	Slow     float64 // m an axis: a Gauss-Markov process of the first order, as sky and streets make it
	SlowTau  float64 // s, its correlation in time; 30 if 0
	Lag      float64 // s that its own filter is behind; White then becomes an error that lasts for ten lags
	Hold     bool    // it repeats its position while it stands
	Grid     float64 // steps per degree; 1e7 if 0. See GridNMEA
	Speed    bool    // reports a speed,
	Course   bool    // and a course, when it moves
	Doppler  float64 // m/s, the error of the speed
	Unit     float64 // what the speed is told in, per m/s; 1 if 0. The filter takes it for m/s
	Wheels   float64 // the speed is the wheels', in this scale (0.97 to 1.03), and 0 on a ferry; 0: it is over ground
	Accuracy Claim
	HDOP     bool // reports that, and an altitude
}

// Claim is how a receiver tells its accuracy.
type Claim string

// The claims. Honest is a radius that holds 68 % of the errors.
const (
	NoClaim  Claim = ""
	Honest   Claim = "honest"
	Constant Claim = "constant" // 10 m, always
	TooSmall Claim = "toosmall" // a fifth of the honest one
)

// GridNMEA is that of four decimals of a minute; Grid4 and Grid5 have so many decimals of a degree.
const (
	GridNMEA = 60 * 1e4
	Grid4    = 1e4
	Grid5    = 1e5
)

// Units of speed, per m/s.
const (
	Knots = 3600 / 1852.0
	MPH   = 3600 / 1609.344
	KMH   = 3.6
)

// hasCourse is the speed, m/s, above which a receiver knows its course.
const hasCourse = 0.5

// device is a receiver at work.
type device struct {
	*Receiver
	rng       *rand.Rand
	slow, own vec // the present errors: slow, and what is left of White by the device's filter
	dt        float64
	keepSlow  float64 // exp(-dt/tau)
	keepOwn   float64
	trembling float64      // factor on the accuracy that it claims: it does not know better
	held      argos.LatLon // where it says that it stands, without multipath
	holding   bool
}

func newDevice(r *Receiver, rng *rand.Rand) device {
	d := device{Receiver: r, rng: rng, trembling: 1}
	d.slow, d.own = d.gauss().scaled(r.Slow), d.gauss().scaled(r.White)
	return d
}

// sight is what there is to see.
type sight struct {
	pos, dir  vec
	v, wheels float64 // m/s, over ground and of the wheels
	stood     float64 // s
	path      vec     // what multipath adds
	dt        float64 // s since the device last looked
}

func (d *device) gauss() vec { return vec{d.rng.NormFloat64(), d.rng.NormFloat64()} }

// age lets the errors change as they do in dt seconds.
func (d *device) age(dt float64) {
	if dt != d.dt {
		tau := d.SlowTau
		if tau == 0 {
			tau = 30
		}
		d.dt, d.keepSlow, d.keepOwn = dt, math.Exp(-dt/tau), 0
		if d.Lag > 0 {
			d.keepOwn = math.Exp(-dt / (10 * d.Lag))
		}
	}
	if d.Slow > 0 {
		d.slow = d.slow.scaled(d.keepSlow).add(d.gauss().scaled(d.Slow * math.Sqrt(1-d.keepSlow*d.keepSlow)))
	}
	if d.White > 0 {
		d.own = d.own.scaled(d.keepOwn).add(d.gauss().scaled(d.White * math.Sqrt(1-d.keepOwn*d.keepOwn)))
	}
}

// observe fills a fix with what the receiver makes of what it sees, and returns its usual error there, in m an axis:
// the root mean square of all that the description says, a lag's included.
func (d *device) observe(f *argos.Fix, s *sight, p *plane) (sigma float64) {
	d.age(s.dt)
	behind := s.v * d.Lag
	grid := d.Grid
	if grid == 0 {
		grid = 1e7
	}
	if stands := d.Hold && s.stood > 0; !stands || !d.holding || s.stood < s.dt {
		d.held, d.holding = p.latLon(s.pos.add(d.slow).add(d.own).sub(s.dir.scaled(behind))), stands
	}
	f.Lat = round(d.held.Lat+s.path.y/p.north, grid)
	f.Lon = round(truth.WrapLon(d.held.Lon+s.path.x/p.east), grid)
	noise := math.Sqrt(d.White*d.White + d.Slow*d.Slow)
	d.claim(f, noise, s.path.length())
	d.motion(f, s)
	step := p.north / grid
	return math.Sqrt(noise*noise + behind*behind/2 + step*step/12)
}

// claim is what the receiver says of its accuracy. It notices a part of what multipath does to it.
func (d *device) claim(f *argos.Fix, noise, shaken float64) {
	d.trembling += 0.1*(1-d.trembling) + 0.04*d.rng.NormFloat64()
	honest := 1.5*noise*max(0.5, d.trembling) + 0.4*shaken
	switch d.Accuracy {
	case Honest:
		f.Accuracy = max(0.1, round(honest, 10))
	case Constant:
		f.Accuracy = 10
	case TooSmall:
		f.Accuracy = max(0.1, round(honest/5, 10))
	}
	if d.HDOP {
		f.HDOP = round(min(50, 0.7+0.17*noise*max(0.5, d.trembling)+0.1*d.rng.Float64()+shaken/15), 100)
		f.Alt = round(4+1.5*d.slow.x+d.own.y, 10)
	}
}

// motion is what it says of speed and course.
func (d *device) motion(f *argos.Fix, s *sight) {
	if !d.Speed {
		return
	}
	v, sigma := s.v, d.Doppler*(1+min(50, s.path.length())/5)
	if d.Wheels > 0 {
		v, sigma = s.wheels*d.Wheels, 0
	}
	dv, turn := d.rng.NormFloat64(), d.rng.NormFloat64()
	told := math.Abs(v + sigma*dv)
	if d.holding && d.Wheels == 0 {
		told = 0
	}
	unit := d.Unit
	if unit == 0 {
		unit = 1
	}
	f.Speed = round(told*unit, 100)
	if d.Course && v > hasCourse {
		course := math.Atan2(s.dir.x, s.dir.y)*180/math.Pi + turn*math.Atan(2*sigma/v)*180/math.Pi
		f.Heading = math.Mod(round(math.Mod(course+720, 360), 10), 360)
	}
}

// round keeps 1/per as the last unit, as devices do.
func round(x, per float64) float64 { return math.Round(x*per) / per }
