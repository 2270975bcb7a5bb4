package sim

import "math"

// Reporting is when a truck takes a fix and sends it. The zero value is once a second.
type Reporting struct {
	Every  float64 // s: at the latest so long after the one before; 0: 1 s, or without end where Metres or Turn is set
	Metres float64 // when it has gone so far since the one before
	Turn   float64 // when its course has changed by so many degrees since the one before, and it moves
}

// turnNotBefore is how long, in s, after a report a turn makes no new one.
const turnNotBefore = 1

// reporter keeps what the last report was.
type reporter struct {
	Reporting
	began bool
	since float64 // s
	gone  float64 // m
	dir   vec
}

// due says whether a report is, h seconds after it was asked before, and takes it as made.
func (r *reporter) due(h float64, dir vec, v float64) bool {
	r.since += h
	r.gone += v * h
	every := r.Every
	if every == 0 && r.Metres == 0 && r.Turn == 0 {
		every = 1
	}
	turned := math.Abs(math.Atan2(r.dir.x*dir.y-r.dir.y*dir.x, r.dir.x*dir.x+r.dir.y*dir.y)) * 180 / math.Pi
	if !(!r.began || every > 0 && r.since > every-1e-6 || r.Metres > 0 && r.gone >= r.Metres ||
		r.Turn > 0 && turned > r.Turn && r.since >= turnNotBefore && v > hasCourse) {
		return false
	}
	r.began, r.since, r.gone, r.dir = true, 0, 0, dir
	return true
}
