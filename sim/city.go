package sim

import "math"

// The city is a net of streets, some 10 km across, bent and uneven as grown ones are: crossings lie spacing apart,
// moved by up to jitter and by a slow wave. Nothing of it is stored; where a crossing lies follows from its number. The
// same for all fleets, so that trucks share roads.
const (
	spacing = 250.0 // m
	jitter  = 45.0  // m
	edge    = 20    // crossings from the centre to the city's edge
	corner  = 20.0  // m before and after a crossing that the curve takes
	wave    = 220.0 // m
	waveLen = 4000.0
	turned  = 0.3 // rad, the whole net
)

// crossing is the number of one, east and north of the centre.
type crossing struct{ i, j int16 }

// noise returns a number in [0, 1) that belongs to a crossing and a purpose.
func (c crossing) noise(purpose uint64) float64 {
	return unit(mix(uint64(uint16(c.i))<<32 | uint64(uint16(c.j))<<16 | purpose))
}

// at is where the crossing lies, in metres east and north of the centre.
func (c crossing) at() vec {
	p := vec{float64(c.i) * spacing, float64(c.j) * spacing}
	dx, dy := jitter*(2*c.noise(1)-1), jitter*(2*c.noise(2)-1)
	if mainRoad(c.i) { // main roads are straighter
		dx /= 4
	}
	if mainRoad(c.j) {
		dy /= 4
	}
	return vec{
		p.x + dx + wave*math.Sin(2*math.Pi*p.y/waveLen),
		p.y + dy + wave*math.Sin(2*math.Pi*p.x/waveLen+1),
	}.rotated(turned)
}

// mainRoad says whether a line of the net is a main road.
func mainRoad(line int16) bool { return line%4 == 0 }

// limit is the speed limit between two neighbours, m/s: 108, 70, 50 or 30 km/h.
func limit(a, b crossing) float64 {
	line := a.i
	if a.j == b.j {
		line = a.j
	}
	switch {
	case line%16 == 0:
		return 108 / 3.6
	case line%8 == 0:
		return 70 / 3.6
	case mainRoad(line):
		return 50 / 3.6
	}
	return 30 / 3.6
}

// lights says how likely a truck is to be stopped at a crossing.
func (c crossing) lights() float64 {
	switch {
	case mainRoad(c.i) && mainRoad(c.j):
		return 0.5
	case mainRoad(c.i) || mainRoad(c.j):
		return 0.2
	}
	return 0.1
}

// ring says whether the crossing is a roundabout.
func (c crossing) ring() bool { return mainRoad(c.i) && mainRoad(c.j) && c.noise(3) < ringRoads }

// onward are the neighbours within the city that lie ahead, to the left or to the right of who comes from a to c.
func (c crossing) onward(a crossing) (ahead, left, right crossing, okAhead, okLeft, okRight bool) {
	di, dj := c.i-a.i, c.j-a.j
	ahead, left, right = crossing{c.i + di, c.j + dj}, crossing{c.i - dj, c.j + di}, crossing{c.i + dj, c.j - di}
	return ahead, left, right, ahead.inside(), left.inside(), right.inside()
}

func (c crossing) inside() bool { return max(c.i, -c.i, c.j, -c.j) <= edge }

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }
