package track

import (
	"math"

	"argos/transforms/kalman"
)

// wait holds a fix from another time than the track's until enough others agree with it; then the track goes on there.
// Until then it is counted as rejected when ahead of the track, as late when behind.
func (t *Track) wait(f *fix) {
	if t.waiting > 0 && !t.agree(&t.pending[t.waiting-1], f) {
		t.waiting = 0
	}
	if t.waiting < len(t.pending) {
		t.pending[t.waiting] = *f
		t.waiting++
		return
	}
	a, b, c := t.pending[0], t.pending[1], *f
	order(&a, &b)
	order(&b, &c)
	order(&a, &b)
	if !rhythmic(b.time-a.time, c.time-b.time) {
		t.pending[0], t.pending[1] = t.pending[1], *f
		return
	}
	floor := t.live.seen
	if f.time < floor {
		floor = 0
		t.late -= agreeing
		t.rejected += agreeing
	}
	t.waiting = 0
	t.begin(floor, &a, &b, &c)
}

func order(a, b *fix) {
	if b.time < a.time {
		*a, *b = *b, *a
	}
}

// agree says whether f may follow the pending fix p: on the same side of the track's time, no further from p than a
// silence or the truck's report rhythm explains (p's own distance from the track, twice for jitter), at a plausible
// place.
func (t *Track) agree(p, f *fix) bool {
	now := t.live.seen
	dt, jump := f.time-p.time, p.time-now
	if (jump > 0) != (f.time > now) {
		return false
	}
	dt, jump = max(dt, -dt), max(jump, -jump)
	return dt <= max(t.live.gap(), 2*jump) &&
		apart(p.lat, p.lon, f) <= fastest*seconds(dt)+gateSigmas*(float64(p.sigma)+float64(f.sigma))/10
}

// rhythmic says whether two intervals (ms) may be of one truck's reports: neither is a silence beside the other.
func rhythmic(a, b int64) bool { return max(a, b) <= max(unknownGap, gapIntervals*min(a, b)) }

// apart is the distance in metres from a place (1e-7 degrees) to a fix; rough when large.
func apart(lat, lon int32, f *fix) float64 {
	p := kalman.NewPlane(float64(lat)/e7, float64(lon)/e7)
	m := p.Metres(f.degrees())
	return math.Hypot(m[0], m[1])
}
