package sim

import (
	"math"
	"math/rand/v2"
)

// DriveKind is what the truck of a scenario does.
type DriveKind string

// The kinds of drive. Each goes on as long as it is asked to; the zero value is Straight.
const (
	Straight    DriveKind = "straight"    // begins at Speed, brakes to standstill after a minute, waits, goes on
	Roundabouts DriveKind = "roundabouts" // radius 12 to 30 m, up to three times round
	Ramps       DriveKind = "ramps"       // loops of 270 degrees at 40 to 60 km/h between motorways
	Yard        DriveKind = "yard"        // manoeuvres at 1 to 3 m/s, in reverse, in three points; stands 20 to 120 s
	Ferry       DriveKind = "ferry"       // the wheels stand for 5 to 20 minutes while the ship goes 5 to 10 m/s
	Tunnels     DriveKind = "tunnels"     // silence of 20 to 180 s; out with another speed and course
	City        DriveKind = "city"        // the streets and lights that the fleet's trucks know
	StopAndGo   DriveKind = "stopandgo"   // a queue: 5 to 80 m, 2 to 30 s
	Standing    DriveKind = "standing"    // 10 to 60 minutes, half a minute of driving between
	Mixed       DriveKind = "mixed"       // of all of these, in random order
)

// DriveKinds are all of them.
var DriveKinds = []DriveKind{Straight, Roundabouts, Ramps, Yard, Ferry, Tunnels, City, StopAndGo, Standing, Mixed}

// course makes up the way of a scenario. Except in the city, each piece of it ends with a stop.
type course struct {
	rng   *rand.Rand
	speed float64 // m/s, drawn if 0
	hard  float64 // m/s2, drawn if 0
	city  city
}

func (c *course) legs(kind DriveKind) []leg {
	switch kind {
	case Roundabouts:
		return c.roundabouts()
	case Ramps:
		return c.ramps()
	case Yard:
		return c.yard()
	case Ferry:
		return c.ferry()
	case Tunnels:
		return c.tunnels()
	case City:
		return c.city.legs()
	case StopAndGo:
		return []leg{{length: c.between(5, 80), limit: c.between(2, 8), brake: c.brake(), stop: c.between(2, 30)}}
	case Standing:
		short := leg{length: c.between(100, 300), limit: c.between(5, 12), brake: c.brake()}
		short.stop = c.between(600, 3600)
		return []leg{short}
	case Mixed:
		others := DriveKinds[:len(DriveKinds)-1]
		legs := append([]leg(nil), c.legs(others[c.rng.IntN(len(others))])...)
		return append(legs, leg{length: 50, limit: 5, stop: c.between(1, 10)})
	}
	v := c.cruise()
	return []leg{{length: v * c.between(20, 90), limit: v, brake: c.brake(), stop: c.between(5, 60)}}
}

func (c *course) between(a, b float64) float64 { return a + (b-a)*c.rng.Float64() }

func (c *course) side() float64 { return math.Copysign(1, c.rng.Float64()-0.5) }

func (c *course) cruise() float64 {
	if c.speed > 0 {
		return c.speed
	}
	return c.between(8, 30)
}

func (c *course) brake() float64 {
	if c.hard > 0 {
		return c.hard
	}
	return c.between(1, 6)
}

func (c *course) roundabouts() (legs []leg) {
	for range 1 + c.rng.IntN(3) {
		v := min(c.cruise(), 17)
		legs = append(legs, leg{length: c.between(60, 400), limit: v, brake: c.brake()})
		radius := c.between(12, 30)
		turn := math.Pi / 2 * float64(c.rng.IntN(4)-1) // right, ahead, left
		ring := roundabout(radius, 1.7*radius, turn, c.rng.IntN(3))
		legs = append(legs, ring[:]...)
	}
	return append(legs, leg{length: c.between(60, 400), limit: 14, brake: c.brake(), stop: c.between(1, 20)})
}

func (c *course) ramps() (legs []leg) {
	v := max(c.cruise(), 18)
	for range 1 + c.rng.IntN(3) {
		slow := c.between(40, 60) / 3.6
		radius := slow * slow / lateral
		legs = append(legs,
			leg{length: v * c.between(15, 60), limit: v, brake: c.brake()},
			leg{length: radius * 1.5 * math.Pi, bend: c.side() / radius, limit: slow})
	}
	return append(legs, leg{length: v * c.between(20, 60), limit: v, brake: c.brake(), stop: c.between(5, 60)})
}

func (c *course) yard() (legs []leg) {
	slow := func() leg { return leg{limit: c.between(1, 3), accel: 0.5, brake: 0.8, stop: c.between(1, 4)} }
	for range 2 + c.rng.IntN(3) {
		l := slow()
		l.length, l.bend = c.between(10, 40), c.side()*c.rng.Float64()/9
		legs = append(legs, l)
		if c.rng.IntN(2) == 0 { // a turn in three points
			side := c.side()
			for i := range 3 {
				l := slow()
				l.length, l.bend, l.back = 9*math.Pi/3, side/9, i > 0
				legs = append(legs, l)
			}
		} else { // into a dock, in reverse, and out again
			l := slow()
			l.length, l.bend, l.back = c.between(5, 25), c.side()*c.rng.Float64()/12, true
			l.stop = c.between(20, 120)
			legs = append(legs, l)
			l = slow()
			l.length, l.back = c.between(5, 20), true
			legs = append(legs, l)
		}
	}
	legs[len(legs)-1].stop = c.between(20, 120)
	return legs
}

func (c *course) ferry() []leg {
	v := c.between(5, 10)
	ship := leg{limit: v, accel: 0.1, brake: 0.1, state: state{ferried: true}}
	out, turn, in := ship, ship, ship
	out.length = v * c.between(150, 500)
	turn.length, turn.bend = v*c.between(60, 200), c.side()/c.between(300, 1000)
	in.length, in.stop = v*c.between(90, 500), c.between(30, 120)
	return []leg{
		{length: c.between(200, 600), limit: min(c.cruise(), 14), brake: c.brake(), stop: c.between(60, 240)},
		out, turn, in,
		{length: c.between(200, 600), limit: min(c.cruise(), 14), brake: c.brake(), stop: c.between(5, 60)},
	}
}

func (c *course) tunnels() (legs []leg) {
	dark := state{dark: true}
	for range 1 + c.rng.IntN(3) {
		in, out := c.cruise(), c.between(8, 25)
		inside := c.between(20, 180)
		turn := c.between(0.5, 2.5)
		radius := max(in*in, out*out) / lateral
		straight := max(0, inside-turn*radius/min(in, out)) / 2
		legs = append(legs,
			leg{length: in * c.between(15, 60), limit: in},
			leg{length: in*straight + 1, limit: in, state: dark},
			leg{length: turn * radius, bend: c.side() / radius, limit: min(in, out), state: dark},
			leg{length: out*straight + 1, limit: out, state: dark},
			leg{length: out * c.between(10, 60), limit: out})
	}
	return append(legs, leg{length: 300, limit: 15, brake: c.brake(), stop: c.between(5, 60)})
}

// roundabout is the way through one: from so far before its middle to so far behind it, off by turn from where the
// truck came, and laps more times round. It is driven counterclockwise, as where one drives on the right.
func roundabout(radius, from, turn float64, laps int) [3]leg {
	kerb := (from*from - radius*radius) / (2 * radius) // the radius of the way in and out touches road and ring
	in := math.Acos(kerb / (radius + kerb))
	round := turn + 2*in + 2*math.Pi*float64(laps)
	slow := math.Sqrt(lateral * min(radius, kerb))
	return [3]leg{
		{length: kerb * in, bend: -1 / kerb, limit: slow},
		{length: radius * round, bend: 1 / radius, limit: math.Sqrt(lateral * radius)},
		{length: kerb * in, bend: -1 / kerb, limit: slow},
	}
}
