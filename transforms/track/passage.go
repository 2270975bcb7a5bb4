package track

import (
	"maps"
	"slices"

	"argos"
	"argos/transforms/kalman"
)

// Passage is a recorded drive as the filter went through it once more, in time order, with a receiver that is known
// from the start: what a smoother goes back over. Fixes that came late are in their places.
type Passage struct {
	Causal []argos.Truck // the document after each record; its Track is nil
	Apart  []bool        // whether a record's time is of another clock than the steps': only Causal answers it
	Steps  []Step
}

// Step is the filter at one fix's time.
type Step struct {
	Time      int64      // ms
	Record    int        // index of the record that the fix came with
	Used      bool       // false: the gate has kept its position out
	Start     bool       // the filter began anew here: nothing leads here from the step before
	Stands    bool       // the truck stood still
	Reported  bool       // the fix was used, and its velocity is known and believed
	Velocity  [2]float64 // that, m/s at its true scale
	Plane     kalman.Plane
	Motion    kalman.Motion // how the filter came here from the step before
	Predicted kalman.Filter // in the plane of the step before
	Filtered  kalman.Filter

	leap bool // it began anew although the truck was not silent
}

// Pass folds the records of one truck, in the order of their arrival, then goes through all fixes that had a place in
// time again.
func (r *Recipe) Pass(records []argos.Record) Passage {
	causal, apart, of := r.replay(records)
	fixes := make([]fix, len(of))
	for i := range of {
		fixes[i], _ = usable(&records[of[i]].Fix)
	}
	o := offline{by: r, fixes: fixes, record: of}
	return Passage{causal, apart, o.run()}
}

// replay folds the records, and returns the document after each, which of them tell another clock's time, and, in time
// order, those whose fixes had a place in time.
func (r *Recipe) replay(records []argos.Record) (causal []argos.Truck, apart []bool, of []int) {
	causal, apart = make([]argos.Truck, len(records)), make([]bool, len(records))
	t := r.Track()
	placed := map[int64]int{} // time of a fix that had its place: the record
	latest := map[int64]int{} // time of a usable fix: the newest record with it that was no duplicate
	former := map[int64]int{} // the one before that
	floor := int64(0)         // ms: what is not later is known better from before the clock was put back
	for i := range records {
		f, ok := usable(&records[i].Fix)
		late, duplicates, newest := t.late, t.duplicates, t.live.seen
		t.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&causal[i])
		causal[i].Track = nil
		seen := t.live.seen
		if ok && t.duplicates == duplicates {
			if was, twice := latest[f.time]; twice {
				former[f.time] = was
			}
			latest[f.time] = i
		}
		switch back := seen < newest; {
		case back && leptAhead(records[:i], seen, t.live.gap()): // what was ahead had a wrong clock
			maps.DeleteFunc(placed, func(time int64, record int) bool {
				ahead := time > seen && time <= newest
				apart[record] = apart[record] || ahead
				return ahead
			})
		case back && newest-seen <= unknownGap:
			floor = newest
			for k := i; k > 0 && records[k-1].Time < records[k].Time; k-- { // the run that put the clock back
				apart[k-1] = true
				if time := records[k-1].Time; placed[time] == k-1 {
					delete(placed, time)
					if was, ok := former[time]; ok {
						placed[time], latest[time] = was, was
					}
				}
			}
		case !back && seen > floor:
			floor = 0
		}
		apart[i] = floor > 0 && ok && f.time <= floor
		if ok && t.late > late && f.time > floor {
			placed[f.time] = latest[f.time]
		}
		for _, f := range t.window[:t.n] {
			if f.time > floor && !apart[latest[f.time]] {
				placed[f.time] = latest[f.time]
			}
		}
	}
	return causal, apart, slices.SortedFunc(
		maps.Values(placed),
		func(a, b int) int { return int(records[a].Time - records[b].Time) },
	)
}

// leptAhead says whether those of the newest records that are later than a time (ms) came after a leap of the clock.
func leptAhead(records []argos.Record, time, gap int64) bool {
	for i := len(records) - 1; i > 0; i-- {
		was, is := records[i-1].Time, records[i].Time
		if was <= time && is > time && is-was > gap/3 {
			return true
		}
		if time-is > unknownGap {
			return false
		}
	}
	return false
}
