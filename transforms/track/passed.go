package track

import (
	"slices"

	"argos"
	"argos/transforms/kalman"
)

// Passage is a recorded drive as the filter went through it once more, in time order, with a receiver that is known from the
// start: what a smoother goes back over. Fixes that came late are in their places.
type Passage struct {
	Causal []argos.Truck // the document after each record; its Track is nil
	Steps  []Step
}

// Step is the filter at one fix's time.
type Step struct {
	Time      int64      // ms
	Record    int        // index of the record that the fix came with
	Used      bool       // false: the gate has kept its position out
	Start     bool       // the filter began anew here: nothing leads here from the step before
	Reported  bool       // the fix was used, and its velocity is known and believed
	Velocity  [2]float64 // that, m/s at its true scale
	Plane     kalman.Plane
	Motion    kalman.Motion // how the filter came here from the step before
	Predicted kalman.Filter // in the plane of the step before
	Filtered  kalman.Filter
}

// Pass folds the records of one truck, in the order of their arrival, then goes through all fixes that had a place in time again.
func (r *Recipe) Pass(records []argos.Record) Passage {
	p := Passage{Causal: make([]argos.Truck, len(records))}
	t := r.Track()
	placed := map[int64]int{} // time of a fix that had its place: the record
	first := map[int64]int{}  // time of a usable fix: the first record with it
	for i := range records {
		f, ok := usable(&records[i].Fix)
		if _, known := first[f.time]; ok && !known {
			first[f.time] = i
		}
		late := t.late
		t.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&p.Causal[i])
		p.Causal[i].Track = nil
		if ok && t.late > late && t.waiting == 0 {
			placed[f.time] = first[f.time]
		}
		for _, f := range t.window[:t.n] {
			placed[f.time] = first[f.time]
		}
		for _, f := range t.pending[:t.waiting] {
			delete(placed, f.time)
		}
	}
	fixes := make([]fix, 0, len(placed))
	of := make([]int, 0, len(placed))
	for _, i := range placed {
		of = append(of, i)
	}
	slices.SortFunc(of, func(a, b int) int { return int(records[a].Time - records[b].Time) })
	for _, i := range of {
		f, _ := usable(&records[i].Fix)
		fixes = append(fixes, f)
	}
	var e estimate
	for range 2 { // once to know the receiver, once with that
		e = estimate{device: e.device}
		p.Steps = p.Steps[:0]
		for i := range fixes {
			p.Steps = append(p.Steps, e.pass(r, &fixes[i], of[i]))
		}
	}
	return p
}

// pass steps and tells what became of the filter.
func (e *estimate) pass(by *Recipe, f *fix, record int) Step {
	s := Step{Time: f.time, Record: record, Motion: e.model(by, f.time, f.motion, f.variance())}
	before := *e
	s.Used = e.step(by, f)
	if s.Used && !e.device.misleads() {
		s.Velocity, s.Reported = e.device.velocity(f.motion)
	}
	s.Start = s.Used && e.good == 1
	if !s.Start {
		s.Predicted = before.ahead(f.time, s.Motion)
	}
	s.Plane, s.Filtered = e.plane, e.ahead(f.time, s.Motion)
	return s
}
