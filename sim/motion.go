package sim

import "math"

// How a truck is driven when nothing else is said, in m/s2. Lateral is what the load bears in a curve.
const (
	accelerate = 1.0
	brake      = 1.3
	lateral    = 1.8
	crawl      = 0.4  // m/s: at most, on the last decimetres before a stop
	stride     = 0.25 // s: the motion is stepped so finely
)

// leg is a piece of a way: straight, or of one curvature.
type leg struct {
	length float64 // m
	bend   float64 // 1/m, left is positive
	limit  float64 // m/s
	stop   float64 // s to stand still at its end
	accel  float64 // m/s2, accelerate if 0
	brake  float64 // m/s2, with which the driver slows down for what comes after it; brake if 0
	back   bool    // the gear changes before it, forward to reverse or the other way: only after a stop
	shift  vec     // m: a carrier has moved the truck before it, only after a stop
	state

	end float64 // m/s: the most at its end. Set by plan
}

// state is what is so on a leg, and while the truck stands at its end.
type state struct {
	ferried bool // the truck moves while its wheels stand
	dark    bool // no satellites
	asleep  bool // the device sleeps, once the truck stands
}

// plan sets the speed at the end of each leg so that the truck can slow down for all that come after it. Whatever
// follows them must bear the limit of the last one, if that does not end with a stop.
func plan(legs []leg) []leg {
	for i := len(legs) - 1; i >= 0; i-- {
		l := &legs[i]
		if l.accel == 0 {
			l.accel = accelerate
		}
		if l.brake == 0 {
			l.brake = brake
		}
		switch {
		case l.stop > 0:
			l.end = 0
		case i == len(legs)-1:
			l.end = l.limit
		default:
			next := &legs[i+1]
			l.end = min(l.limit, next.limit, math.Sqrt(next.end*next.end+2*next.brake*next.length))
		}
	}
	return legs
}

// motion is a truck on its way along legs. Invariant: wherever it is, it can slow down in time for the end of its leg.
type motion struct {
	more  func() []leg // the next ones, planned
	legs  []leg        // the present one, and those ahead that are known
	plane plane
	local bool // the plane moves along with the truck, for it goes far

	start, dir vec     // of the leg
	s          float64 // m along it
	v          float64 // m/s
	standing   float64 // s still to stand
	stood      float64 // s that it has stood
}

// begin puts the truck at the start of its first leg.
func (m *motion) begin(start, dir vec) {
	m.start, m.dir = start, dir
	m.legs = m.more()
}

// advance moves the truck by some seconds.
func (m *motion) advance(seconds float64) {
	for seconds > 1e-9 {
		if m.standing > 0 {
			rest := min(m.standing, seconds)
			m.standing -= rest
			m.stood += rest
			seconds -= rest
			if m.standing <= 0 {
				m.pass()
			}
			continue
		}
		h := min(seconds, stride)
		if l := &m.legs[0]; m.v == l.limit && m.mayGo(m.v, seconds) {
			h = seconds // nothing changes
		}
		m.step(h)
		seconds -= h
	}
}

// mayGo says whether the truck may go v in h seconds from now: there must be room to slow down after that, and the
// fastest that it may be is v with v² = end² + 2 brake (what is left of the leg).
func (m *motion) mayGo(v, h float64) bool {
	l := &m.legs[0]
	return v*v <= l.end*l.end+2*l.brake*(l.length-m.s-(m.v+v)/2*h)
}

// step drives for h seconds.
func (m *motion) step(h float64) {
	l := &m.legs[0]
	faster := m.v + l.accel*h
	v := min(faster, l.limit)
	if !m.mayGo(v, h) { // the root of mayGo
		q := l.brake * h / 2
		v = math.Sqrt(max(0, q*q+l.end*l.end+2*l.brake*(l.length-m.s)-2*q*m.v)) - q
		v = max(v, min(crawl, 2*q, faster))
	}
	m.s += (m.v + v) / 2 * h
	m.v = v
	m.stood = 0
	switch over := m.s - l.length; {
	case over < 0:
	case l.stop > 0:
		m.s, m.v, m.standing = l.length, 0, l.stop
	default:
		m.pass()
		m.s = over
	}
}

// pass goes on to the next leg.
func (m *motion) pass() {
	l := &m.legs[0]
	m.start, m.dir = along(m.start, m.dir, l.bend, l.length)
	m.s, m.stood = 0, 0
	if m.legs = m.legs[1:]; len(m.legs) == 0 {
		m.legs = m.more()
	}
	l = &m.legs[0]
	if l.back {
		m.dir = m.dir.scaled(-1)
	}
	m.start = m.start.add(l.shift)
	if m.local {
		m.plane, m.start = planeAt(m.plane.latLon(m.start)), vec{}
	}
}

// where is the position, and the direction of motion as a unit vector.
func (m *motion) where() (pos, dir vec) { return along(m.start, m.dir, m.legs[0].bend, m.s) }

// wheels is how fast they turn, m/s.
func (m *motion) wheels() float64 {
	if m.legs[0].ferried {
		return 0
	}
	return m.v
}

// sight is what there is to see after dt seconds.
func (m *motion) sight(dt float64) sight {
	pos, dir := m.where()
	return sight{pos: pos, dir: dir, v: m.v, wheels: m.wheels(), stood: m.stood, dt: dt}
}

// hears says whether the receiver is on and has satellites.
func (m *motion) hears() bool {
	l := &m.legs[0]
	return !l.dark && !(l.asleep && m.standing > 0)
}

// along goes s metres from a place in a direction, on an arc of a curvature.
func along(from, dir vec, bend, s float64) (pos, to vec) {
	angle := bend * s
	if math.Abs(angle) < 1e-9 {
		return from.add(dir.scaled(s)), dir
	}
	sin, cos := math.Sincos(angle)
	pos = from.add(dir.scaled(sin / bend)).add(dir.left().scaled((1 - cos) / bend))
	return pos, vec{dir.x*cos - dir.y*sin, dir.x*sin + dir.y*cos}
}

// longest is how long a leg may be, m, where the plane moves along.
const longest = 2000

// cut makes pieces of legs that are too long for one plane.
func cut(legs []leg) (all []leg) {
	for _, l := range legs {
		n := int(l.length/longest) + 1
		for i := range n {
			piece := l
			piece.length /= float64(n)
			if i < n-1 {
				piece.stop = 0
			}
			if i > 0 {
				piece.back, piece.shift = false, vec{}
			}
			all = append(all, piece)
		}
	}
	return all
}
