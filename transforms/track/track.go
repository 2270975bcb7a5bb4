// Package track is one truck's life: a pure fold of its records in log order. Whatever cut the log into batches,
// however often the track was packed in between or a prefix replayed, the same records make the same track, to the
// last bit.
package track

import "argos"

// Track is what a truck's records up to Pos fold into. Its zero value is a truck never heard of.
//
// It keeps an estimate at an anchor and the newest fixes since, so that a fix that comes late by a few is put in its
// place: the fixes from the anchor on are judged again, in time order. The live estimate is always what that gives.
type Track struct {
	pos  argos.Pos
	recv int64 // ms
	raw  argos.LatLon

	fixes, duplicates, late, rejected int64

	anchor  estimate
	n       int // fixes in the window; 0 only in a truck without a usable fix
	window  [windowSize + 1]fix
	waiting int // fixes pending
	pending [agreeing - 1]fix
	behind  behind
	live    estimate
	recipe  *Recipe // nil: the usual one
	newest  folded  // for Decision alone; not packed
}

// Pos is the place in the log up to which records were folded.
func (t *Track) Pos() argos.Pos { return t.pos }

// Recv is when the gateway took the newest record in, ms.
func (t *Track) Recv() int64 { return t.recv }

// Rev is the number of records folded: each was used, a duplicate, late or rejected.
func (t *Track) Rev() int64 { return t.fixes + t.duplicates + t.late + t.rejected }

// Fold takes in the record that ends at pos. It returns false, and changes nothing, when the track has folded that
// place of the log already.
func (t *Track) Fold(r *argos.Record, pos argos.Pos) bool {
	if pos.Compare(t.pos) <= 0 {
		return false
	}
	t.pos, t.recv, t.raw = pos, r.Recv, argos.LatLon{Lat: r.Lat, Lon: r.Lon}
	t.newest = folded{time: r.Time, fixes: t.fixes}
	if f, ok := usable(&r.Fix); ok {
		t.place(&f, r)
	} else {
		t.rejected++
		t.newest.reason = NoFix
	}
	return true
}

// place finds a fix's place in time. A fix that is neither duplicate nor late counts as rejected until it is judged.
func (t *Track) place(f *fix, r *argos.Record) {
	newest := t.live.seen
	known, same := t.holds(f)
	switch {
	case t.n == 0:
		t.rejected++
		t.begin(0, f)
	case same:
		t.duplicates++
		t.newest.reason = SameFix
	case f.time <= newest:
		t.placeBehind(f, r, known)
	case known:
		t.duplicates++
		t.newest.reason = SameTime
	case r.Recorded && f.time > newest+max(t.live.gap(), unknownGap): // a long silence, or a clock nobody judged
		t.rejected++
		t.wait(f)
	default: // time goes on here: what was elsewhere had a wrong clock
		t.rejected++
		t.waiting, t.behind = 0, behind{}
		t.insert(f)
	}
}

// placeBehind finds the place of a fix that is not newer than the newest; known says that another one has its time.
func (t *Track) placeBehind(f *fix, r *argos.Record, known bool) {
	t.behind.add(f, r, t.live.gap())
	switch {
	case t.rebases(r):
		t.rejected++
		t.newest.reason = ClockPutBack
		t.rebase(f)
	case known:
		t.duplicates++
		t.newest.reason = SameTime
	case f.time > t.anchor.seen:
		t.rejected++
		t.insert(f)
	default:
		t.late++
		t.newest.reason = TooLate
	}
}

// holds says whether a fix of that time is known, and whether it is of the same place.
func (t *Track) holds(f *fix) (known, same bool) {
	if e := &t.anchor; e.good > 0 && e.seen == f.time {
		return true, e.lat == f.lat && e.lon == f.lon
	}
	for i := t.n - 1; i >= 0 && t.window[i].time >= f.time; i-- {
		if w := &t.window[i]; w.time == f.time {
			return true, w.lat == f.lat && w.lon == f.lon
		}
	}
	for i := range t.waiting {
		if p := &t.pending[i]; p.time == f.time {
			return true, p.lat == f.lat && p.lon == f.lon
		}
	}
	return false, false
}
