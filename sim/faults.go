package sim

import (
	"math"
	"math/rand/v2"
	"slices"

	"argos"
)

// wanderTau is the correlation in time of Wander, in s.
const wanderTau = 8

// faults are what is going wrong with one truck's fixes.
type faults struct {
	rng    *rand.Rand
	active []fault
	held   []shot // by an outage, oldest first,
	newest bool   // and sent newest first
	last   argos.LatLon
}

func (x *faults) begin(f Fault) {
	one := fault{Fault: f, off: x.aside(f.Metres)}
	if f.Kind == Wander {
		one.off = vec{}
	}
	x.active = append(x.active, one)
}

// aside is so far away in some direction.
func (x *faults) aside(metres float64) vec {
	return vec{metres, 0}.rotated(2 * math.Pi * x.rng.Float64())
}

// path is what multipath adds to a place, dt seconds after the fix before.
func (x *faults) path(dt float64, s *shot) (sum vec) {
	for i := range x.active {
		f := &x.active[i]
		switch f.Kind {
		case Jump:
			sum = sum.add(f.off)
		case Scatter:
			sum = sum.add(x.aside(f.Metres * (0.3 + 0.7*x.rng.Float64())))
		case Drift:
			sum = sum.add(f.off.scaled(f.grown()))
		case Wander:
			keep := math.Exp(-dt / wanderTau)
			step := vec{x.rng.NormFloat64(), x.rng.NormFloat64()}.scaled(f.Metres * math.Sqrt(1-keep*keep))
			f.off = f.off.scaled(keep).add(step)
			sum = sum.add(f.off)
		default:
			continue
		}
		s.mark(f.Kind)
	}
	return sum
}

// distort puts a fix where and when it was not taken.
func (x *faults) distort(s *shot) {
	seen := argos.LatLon{Lat: s.Lat, Lon: s.Lon}
	if x.last == (argos.LatLon{}) { // the first
		x.last = seen
	}
	before, moved := x.last, false
	for i := range x.active {
		f := &x.active[i]
		switch f.Kind {
		case Frozen:
			s.Lat, s.Lon, moved = before.Lat, before.Lon, true
		case Far:
			if f.place == nil {
				at := away(seen, f.off)
				f.place = &at
			}
			s.Lat, s.Lon = f.place.Lat, f.place.Lon
		case Null:
			s.Lat, s.Lon = 0, 0
		case Pole:
			s.Lat, s.Lon = 90, 180
		case Meridian:
			s.Lon = 0
		case Mirrored:
			s.Lon = -s.Lon
		case Clock:
			s.Time += int64(f.Seconds * 1000)
		default:
			continue
		}
		s.mark(f.Kind)
	}
	if !moved {
		x.last = seen
	}
}

// deliver hands on what is sent of a fix, and how many seconds later than usual each message is.
func (x *faults) deliver(s shot, send func(s shot, delay float64)) {
	if len(x.active) == 0 && len(x.held) == 0 {
		send(s, 0)
		return
	}
	delay, hold, lost := 0.0, false, false
	var again []shot
	for i := range x.active {
		f := &x.active[i]
		switch f.Kind {
		case Late:
			delay += max(0, f.Seconds)
			s.mark(Late)
		case Outage, Backlog:
			hold, x.newest = true, f.Kind == Backlog
			s.mark(f.Kind)
		case Lost:
			lost = true
		case NoFix:
			s.Fix = stale(s.Fix, x.last)
			s.mark(NoFix)
		case Repeat:
			again = append(again, s)
			again[len(again)-1].mark(Repeat)
		case Twin:
			twin := s
			at := away(argos.LatLon{Lat: s.Lat, Lon: s.Lon}, x.aside(f.Metres))
			twin.Lat, twin.Lon = at.Lat, at.Lon
			twin.mark(Twin)
			again = append(again, twin)
		}
	}
	switch {
	case lost:
	case hold:
		x.held = append(append(x.held, s), again...)
	default:
		if !x.newest {
			delay += x.release(send)
		}
		send(s, delay)
		for _, m := range again {
			send(m, delay+0.05+2*x.rng.Float64())
		}
		x.release(send)
	}
	for i := range x.active {
		x.active[i].done++
	}
	x.active = slices.DeleteFunc(x.active, func(f fault) bool { return f.Fixes > 0 && f.done >= f.Fixes })
}

// release sends what an outage has held back, and returns how many seconds that takes.
func (x *faults) release(send func(s shot, delay float64)) (took float64) {
	if x.newest {
		slices.Reverse(x.held)
	}
	for _, s := range x.held {
		took += 0.002
		send(s, took)
	}
	x.held, x.newest = nil, false
	return took
}

// stale is what a receiver without satellites says: its last position, and that it means nothing.
func stale(f argos.Fix, last argos.LatLon) argos.Fix {
	none := argos.NewFix(f.TruckID, f.Time, last.Lat, last.Lon)
	none.HDOP, none.Valid, none.Seq = 99.9, false, f.Seq
	return none
}

// away is a place so many metres off, as the crow flies for short ways; it stays clear of the poles.
func away(from argos.LatLon, by vec) argos.LatLon {
	const perDegree = 111_200
	lat := max(-80, min(80, from.Lat+by.y/perDegree))
	lon := from.Lon + by.x/(perDegree*math.Cos(from.Lat*math.Pi/180))
	return argos.LatLon{Lat: round(lat, 1e7), Lon: round(math.Remainder(lon, 360), 1e7)}
}
