package sim

import (
	"math"
	"math/rand/v2"
)

// How the fleet drives, where it is not as always.
const (
	hardBraking = 0.05 // of the streets end with 2.5 to 6 m/s2
	ringRoads   = 0.3  // of the crossings of two main roads are roundabouts
	ringRadius  = 12.0 // m
)

// city is a truck's way through the streets: along the straight from one crossing to the next, then round the curve
// towards the one after it. Invariant: the speed of each curve allows a stop at the end of the straight after it.
type city struct {
	rng            *rand.Rand
	from, to, next crossing
	haste          float64 // of the limit
	room           [4]leg  // what legs returns
}

// newCity chooses a street to begin with.
func newCity(rng *rand.Rand) city {
	c := city{rng: rng, haste: 0.85 + 0.15*rng.Float64()}
	c.from = crossing{int16(rng.IntN(2*edge) - edge), int16(rng.IntN(2*edge) - edge)}
	c.to = crossing{c.from.i + 1, c.from.j}
	if rng.IntN(2) == 0 {
		c.to = crossing{c.from.i, c.from.j + 1}
	}
	c.next = c.choose()
	return c
}

// enters is where the present street begins, and its direction.
func (c *city) enters() (start, dir vec) {
	ab := c.to.at().sub(c.from.at())
	dir = ab.scaled(1 / ab.length())
	return c.from.at().add(dir.scaled(corner)), dir
}

// choose picks where to go from to: mostly ahead, on main roads above all.
func (c *city) choose() crossing {
	ahead, left, right, okAhead, okLeft, okRight := c.to.onward(c.from)
	straight := 0.5
	if limit(c.from, c.to) > 10 {
		straight = 0.75
	}
	wantLeft := c.rng.IntN(2) == 0
	switch {
	case okAhead && (c.rng.Float64() < straight || !okLeft && !okRight):
		return ahead
	case okLeft && (wantLeft || !okRight):
		return left
	}
	return right
}

// legs are the straight from from to to and the curve after it, and what follows is the next street. They are valid
// until it is called again.
func (c *city) legs() []leg {
	a, b, next := c.from.at(), c.to.at(), c.next.at()
	ab, bc := b.sub(a), next.sub(b)
	turn := math.Atan2(ab.x*bc.y-ab.y*bc.x, ab.x*bc.x+ab.y*bc.y) // left is positive
	here, there := limit(c.from, c.to)*c.haste, limit(c.to, c.next)*c.haste
	most := min(math.Sqrt(2*braking(there)*(bc.length()-2*corner)), here, there)
	legs := append(c.room[:0], leg{length: ab.length() - 2*corner, limit: here, brake: braking(here)})
	street := &legs[0]
	if c.rng.Float64() < hardBraking {
		street.brake = 2.5 + 3.5*c.rng.Float64()
	}
	switch x := c.rng.Float64(); {
	case x < 0.015: // a delivery
		street.stop = 60 + 240*c.rng.Float64()
	case x < 0.015+c.to.lights():
		street.stop = 4 + 36*c.rng.Float64()
	}
	if ring := roundabout(ringRadius, corner, turn, 0); c.to.ring() && ring[1].length > 1 {
		legs = append(legs, ring[:]...)
	} else {
		legs = append(legs, curve(turn))
	}
	for i := range legs[1:] {
		legs[1+i].limit = min(legs[1+i].limit, most)
	}
	c.from, c.to = c.to, c.next
	c.next = c.choose()
	return plan(legs)
}

// braking is what a driver plans with on a street: where it goes fast the crossings are no farther apart.
func braking(speed float64) float64 {
	if speed > 20 {
		return 2.4
	}
	return brake
}

// curve goes round a corner, from corner before the crossing to corner after it.
func curve(turn float64) leg {
	sharp := math.Abs(turn)
	if sharp < 1e-9 {
		return leg{length: 2 * corner, limit: math.Inf(1)}
	}
	radius := corner / math.Tan(sharp/2)
	return leg{length: radius * sharp, bend: math.Copysign(1/radius, turn), limit: math.Sqrt(lateral * radius)}
}
