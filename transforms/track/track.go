// Package track is one truck's life: a pure fold of its records in log order. Whatever cut the log into batches, however
// often the track was packed in between or a prefix replayed, the same records make the same track, to the last bit.
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
	live    estimate
	recipe  *Recipe // nil: the usual one
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
	if f, ok := usable(&r.Fix); ok {
		t.place(&f, r.Recorded)
	} else {
		t.rejected++
	}
	return true
}

// place finds a fix's place in time. A fix that is neither duplicate nor late counts as rejected until it is judged.
func (t *Track) place(f *fix, recorded bool) {
	newest, gap := t.live.seen, t.live.gap()
	switch {
	case t.n == 0:
		t.rejected++
		t.begin(0, f)
	case t.holds(f.time):
		t.duplicates++
	case f.time > newest+max(gap, unknownGap): // the truck was silent for long, or its clock is wrong
		t.rejected++
		t.wait(f)
	case f.time > t.anchor.seen:
		t.rejected++
		t.waiting = 0 // time goes on here: what was elsewhere had a wrong clock
		t.insert(f)
	default:
		t.late++
		if recorded && f.time < newest-gap { // no gateway has judged this clock
			t.wait(f)
		}
	}
}

// holds says whether a fix of that time is still known.
func (t *Track) holds(time int64) bool {
	if t.anchor.good > 0 && t.anchor.seen == time {
		return true
	}
	for i := t.n - 1; i >= 0 && t.window[i].time >= time; i-- {
		if t.window[i].time == time {
			return true
		}
	}
	for i := range t.waiting {
		if t.pending[i].time == time {
			return true
		}
	}
	return false
}
