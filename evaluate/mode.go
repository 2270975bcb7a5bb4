package evaluate

import (
	"math"
	"slices"

	"argos"
)

// Mode is what a drive's fixes report beside their places.
type Mode string

// Recorded is as the receiver had it; SpeedAlone is without the course, PositionsAlone without speed and course.
const (
	Recorded       Mode = "recorded"
	SpeedAlone     Mode = "speed"
	PositionsAlone Mode = "positions"
)

// Of is the drive in a mode; false when the mode takes nothing from it.
func (m Mode) Of(d Drive) (Drive, bool) {
	d.Mode = m
	if m == Recorded {
		return d, true
	}
	var taken, takenClean bool
	d.Records, taken = m.records(d.Records)
	d.Clean, takenClean = m.records(d.Clean)
	return d, taken || takenClean
}

// Suffix follows a drive's name where the mode is not as recorded.
func (m Mode) Suffix() string {
	switch m {
	case SpeedAlone:
		return ", without courses"
	case PositionsAlone:
		return ", positions alone"
	}
	return ""
}

func (m Mode) records(all []argos.Record) (out []argos.Record, taken bool) {
	out = slices.Clone(all)
	for i := range out {
		r := &out[i]
		taken = taken || !math.IsNaN(r.Heading)
		r.Heading = math.NaN()
		if m == PositionsAlone {
			taken = taken || !math.IsNaN(r.Speed)
			r.Speed = math.NaN()
		}
	}
	return out, taken
}
