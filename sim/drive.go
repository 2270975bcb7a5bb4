package sim

import (
	"math"
	"math/rand/v2"
)

// How a truck is driven, in m/s2. Lateral is what the load bears in a curve.
const (
	accelerate = 1.0
	brake      = 1.3
	lateral    = 1.8
	crawl      = 0.4  // m/s: the last metre before a stop
	stride     = 0.25 // s: the motion is stepped so finely
)

// drive is a truck's way through the city: along the straight from one crossing to the next, then round the curve towards
// the one after it. Invariant: wherever it is, it can brake in time for the end of the straight it is on, and the speed of
// each curve allows a stop at the end of the straight after it.
type drive struct {
	rng            *rand.Rand
	from, to, next crossing
	haste          float64 // of the limit

	start  vec // of the straight
	dir    vec // along it, unit
	length float64
	limit  float64
	turn   float64 // rad, left is positive: of the curve after it
	radius float64 // infinite when it does not turn
	curve  float64 // its length
	vCurve float64
	stop   float64 // s to stand still at the end of the straight

	curving  bool
	s        float64 // m on the straight or the curve
	v        float64 // m/s
	standing float64 // s still to stand
}

// newDrive starts somewhere in the city, at rest.
func newDrive(rng *rand.Rand) drive {
	d := drive{rng: rng, haste: 0.85 + 0.15*rng.Float64()}
	d.from = crossing{int16(rng.IntN(2*edge) - edge), int16(rng.IntN(2*edge) - edge)}
	d.to = crossing{d.from.i + 1, d.from.j}
	if rng.IntN(2) == 0 {
		d.to = crossing{d.from.i, d.from.j + 1}
	}
	d.next = d.choose()
	d.enter()
	d.s = d.length * rng.Float64() / 2
	return d
}

// choose picks where to go from to: mostly ahead, on main roads above all.
func (d *drive) choose() crossing {
	ahead, left, right, okAhead, okLeft, okRight := d.to.onward(d.from)
	straight := 0.5
	if limit(d.from, d.to) > 10 {
		straight = 0.75
	}
	wantLeft := d.rng.IntN(2) == 0
	switch {
	case okAhead && (d.rng.Float64() < straight || !okLeft && !okRight):
		return ahead
	case okLeft && (wantLeft || !okRight):
		return left
	}
	return right
}

// enter lays out the straight from from to to and the curve after it.
func (d *drive) enter() {
	a, b, c := d.from.at(), d.to.at(), d.next.at()
	ab, bc := b.sub(a), c.sub(b)
	d.dir = ab.scaled(1 / ab.length())
	d.start = a.add(d.dir.scaled(corner))
	d.length = ab.length() - 2*corner
	d.limit = limit(d.from, d.to)
	d.turn = math.Atan2(ab.x*bc.y-ab.y*bc.x, ab.x*bc.x+ab.y*bc.y)
	if sharp := math.Abs(d.turn); sharp > 1e-3 {
		d.radius = corner / math.Tan(sharp/2)
		d.curve = d.radius * sharp
	} else {
		d.radius, d.curve = math.Inf(1), 2*corner
	}
	d.vCurve = min(math.Sqrt(lateral*d.radius), math.Sqrt(2*brake*(bc.length()-2*corner)), d.limit, limit(d.to, d.next)*d.haste)
	d.stop = 0
	switch x := d.rng.Float64(); {
	case x < 0.015: // a delivery
		d.stop = 60 + 240*d.rng.Float64()
	case x < 0.015+d.to.lights():
		d.stop = 4 + 36*d.rng.Float64()
	}
}

// advance moves the truck by some seconds.
func (d *drive) advance(seconds float64) {
	for seconds > 1e-9 {
		if d.standing > 0 {
			rest := min(d.standing, seconds)
			d.standing -= rest
			seconds -= rest
			continue
		}
		h := min(seconds, stride)
		d.step(h)
		seconds -= h
	}
}

func (d *drive) step(h float64) {
	want := d.limit * d.haste
	if d.curving {
		want = min(want, d.vCurve)
	} else {
		end := d.vCurve
		if d.stop > 0 {
			end = 0
		}
		// After this step there must still be room to brake.
		left := max(0, d.length-d.s-d.v*h)
		want = max(min(want, math.Sqrt(end*end+2*brake*left)), crawl)
	}
	before := d.v
	if d.v < want {
		d.v = min(want, d.v+accelerate*h)
	} else {
		d.v = want
	}
	d.s += (before + d.v) / 2 * h
	switch {
	case !d.curving && d.s >= d.length && d.stop > 0:
		d.s, d.v, d.standing, d.stop = d.length, 0, d.stop, 0
	case !d.curving && d.s >= d.length:
		d.s, d.curving = d.s-d.length, true
	case d.curving && d.s >= d.curve:
		s := d.s - d.curve
		d.from, d.to = d.to, d.next
		d.next = d.choose()
		d.enter()
		d.s, d.curving = s, false
	}
}

// where is the position, and the velocity's direction as a unit vector.
func (d *drive) where() (pos, dir vec) {
	if !d.curving {
		return d.start.add(d.dir.scaled(d.s)), d.dir
	}
	pos = d.start.add(d.dir.scaled(d.length))
	if math.IsInf(d.radius, 1) {
		return pos.add(d.dir.scaled(d.s)), d.dir
	}
	angle := d.s / d.radius
	sin, cos := math.Sincos(angle)
	side := math.Copysign(1, d.turn)
	pos = pos.add(d.dir.scaled(d.radius * sin)).add(d.dir.left().scaled(side * d.radius * (1 - cos)))
	return pos, d.dir.rotated(side * angle)
}
