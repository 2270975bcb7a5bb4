package track

import "argos"

// behind is a run of fixes that came one after the other with times before the newest fix's, each later than the one
// before: as those of a clock that was put back are, or those that come after one fix whose clock was wrong.
type behind struct {
	run  uint8
	time int64 // ms, of the last one
	recv int64 // ms, when the first one came in
}

// add takes in the next fix behind the newest.
func (b *behind) add(f *fix, r *argos.Record, gap int64) {
	if dt := f.time - b.time; b.run == 0 || dt <= 0 || dt > gap {
		*b = behind{recv: r.Recv}
	}
	b.run, b.time = min(b.run, 254)+1, f.time
}

// rebases says whether the run shows that time goes on with it: it is long enough (a tentative track is soon given
// up), and, live, came not much faster than the truck reports. What an outage held back comes faster than that, or
// newest first.
func (t *Track) rebases(r *argos.Record) bool {
	n := int64(t.behind.run)
	if n < agreeing || n < clockFixes && t.live.good == agreeing {
		return false
	}
	usual := int64(1000 * float64(t.live.interval) * float64(n-1))
	return r.Recorded || r.Recv-t.behind.recv >= usual/4
}

// rebase goes on with a fix that is older than the newest one: what is newer had a wrong clock.
func (t *Track) rebase(f *fix) {
	t.behind, t.waiting = behind{}, 0
	if f.time <= t.anchor.seen {
		t.begin(0, f)
		return
	}
	for t.n > 0 && t.window[t.n-1].time >= f.time {
		t.n--
		if t.window[t.n].used {
			t.fixes--
			t.rejected++
		}
	}
	if t.n == 0 && t.anchor.good == 0 {
		t.begin(0, f)
		return
	}
	t.window[t.n] = *f
	t.window[t.n].used = false
	t.n++
	t.filter()
}
