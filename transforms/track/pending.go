package track

import (
	"argos/transforms/kalman"
)

// wait holds a fix from far ahead of the track's time until enough others agree with it; then the track goes on there.
// Until then it is counted as rejected. Recordings alone need that: live the gateway has judged the clock.
func (t *Track) wait(f *fix) {
	if t.waiting > 0 && !t.agree(&t.pending[t.waiting-1], f) {
		t.waiting = 0
	}
	t.newest.reason = FarAhead
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
	t.waiting, t.newest.reason = 0, noReason
	t.begin(t.live.seen, &a, &b, &c)
}

func order(a, b *fix) {
	if b.time < a.time {
		*a, *b = *b, *a
	}
}

// agree says whether f may follow the pending fix p: no further from it than a silence or the truck's report rhythm
// explains (p's own distance from the track, twice for jitter), at a plausible place.
func (t *Track) agree(p, f *fix) bool {
	dt, jump := f.time-p.time, p.time-t.live.seen
	dt = max(dt, -dt)
	return dt <= max(t.live.gap(), 2*jump) &&
		apart(p.lat, p.lon, f) <= fastest*seconds(dt)+gateSigmas*(float64(p.sigma)+float64(f.sigma))/10
}

// rhythmic says whether two intervals (ms) may be of one truck's reports: neither is a silence beside the other.
func rhythmic(a, b int64) bool { return max(a, b) <= max(unknownGap, gapIntervals*min(a, b)) }

// apart is the distance in metres from a place (1e-7 degrees) to a fix; rough when large.
func apart(lat, lon int32, f *fix) float64 {
	p := kalman.NewPlane(float64(lat)/e7, float64(lon)/e7)
	m := p.Metres(f.degrees())
	return length(m[0], m[1])
}
