// Package smooth estimates where a truck was from a recorded drive as a whole: each place is judged by the fixes before it and
// by those after it, which a live filter does not have.
package smooth

import (
	"math"
	"sort"

	"argos"
	"argos/transforms/kalman"
	"argos/transforms/track"
)

// Estimate is where the truck was at a time. What is not known is NaN.
type Estimate struct {
	Time     int64   // ms, that of the question
	Lat, Lon float64 // WGS 84 degrees
	Speed    float64 // m/s
	Heading  float64 // degrees clockwise from north, the direction of motion; NaN at a standstill
	Accuracy float64 // m, per-axis 1 sigma of Lat, Lon
	Status   argos.Status
}

// Smoothed is a drive as a whole.
type Smoothed struct {
	rows   []Estimate // one a record; Time is the record's, Lat NaN before the first position
	knots  []Estimate // one a fix used, in time order
	broken []bool     // a gap lies before the knot
}

// longest is the time (ms) between two fixes beyond which a stretch ends.
const longest = 60_000

// Drive smooths the records of one truck, in the order of their arrival: what the live filter would fold.
func Drive(records []argos.Record) *Smoothed {
	s := &Smoothed{rows: make([]Estimate, len(records))}
	var t track.Track
	var doc argos.Truck
	seen := map[int64]bool{}
	for i := range records {
		fixes := doc.Fixes
		t.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&doc)
		e := Estimate{records[i].Time, doc.Lat, doc.Lon, doc.Speed, doc.Heading, doc.Accuracy, doc.Status}
		s.rows[i] = e
		if doc.Fixes > fixes && doc.Time == e.Time && !seen[e.Time] {
			seen[e.Time] = true
			s.knots = append(s.knots, e)
		}
	}
	sort.SliceStable(s.knots, func(i, j int) bool { return s.knots[i].Time < s.knots[j].Time })
	return s
}

// Row is the estimate for record i of the drive, at that record's own time. It is false where there is none: the truck has
// no position yet, or the record's time belongs to none of the drive's stretches (a wrong clock).
func (s *Smoothed) Row(i int) (Estimate, bool) {
	e := s.rows[i]
	return e, !math.IsNaN(e.Lat)
}

// At is the estimate at any time (ms) within a continuous stretch: between two fixes, on the cubic that has their positions and
// velocities. It is false before the first fix, after the last one, and in a gap.
func (s *Smoothed) At(ms int64) (Estimate, bool) {
	i := sort.Search(len(s.knots), func(i int) bool { return s.knots[i].Time >= ms })
	if i < len(s.knots) && s.knots[i].Time == ms {
		return s.knots[i], true
	}
	if i == 0 || i == len(s.knots) {
		return Estimate{}, false
	}
	a, b := s.knots[i-1], s.knots[i]
	if b.Time-a.Time > longest {
		return Estimate{}, false
	}
	p := kalman.NewPlane(a.Lat, a.Lon)
	to, dt := p.Metres(b.Lat, b.Lon), float64(b.Time-a.Time)/1000
	u := float64(ms-a.Time) / 1000 / dt
	at := [2]float64{to[0] * u, to[1] * u}
	out := a
	out.Time = ms
	out.Lat, out.Lon = p.Degrees(at)
	return out, true
}
