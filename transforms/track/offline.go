package track

// offline goes through a drive's fixes in time order, and may go back.
type offline struct {
	by       *Recipe
	fixes    []fix
	record   []int // of each fix
	receiver receiver
	steps    []Step
}

// passes is how often a drive is gone through at most, the first time to know the receiver.
const passes = 4

// run returns the steps of the last pass.
func (o *offline) run() []Step {
	o.pass()
	for range passes - 1 {
		o.pass()
		if !o.dropExcursions() {
			break
		}
	}
	return o.steps
}

// pass takes all fixes in order. Where the track leapt after a run of rejected fixes that agreed with one another, it
// was they that were right: it goes back and begins at the first of them.
func (o *offline) pass() {
	o.steps = o.steps[:0]
	e := estimate{receiver: o.receiver}
	var first, last estimate // before the first fix of the present run of rejects, and before the last fix
	run, floor := 0, -1
	for i := 0; i < len(o.fixes); i++ {
		before := e
		s := e.pass(o.by, &o.fixes[i])
		if s.leap && before.good == agreeing && before.rejects > 0 && run > floor {
			i, floor, e = run, run, first
			o.steps = o.steps[:run]
			s = e.passStart(o.by, &o.fixes[i])
		}
		switch {
		case s.Used, e.again: // no run of rejects, or nothing to it
		case e.rejects == 1:
			first, run = before, i
		case e.rejects == 2 && before.rejects != 1: // it goes with the one before alone
			first, run = last, i-1
		}
		last = before
		s.Record = o.record[i]
		o.steps = append(o.steps, s)
	}
	o.receiver = e.receiver
}

// pass steps and tells what became of the filter.
func (e *estimate) pass(by *Recipe, f *fix) Step {
	s := Step{Time: f.time, Motion: e.model(by, f)}
	before := *e
	s.Used = e.step(by, f)
	s.Start = s.Used && (e.good == 1 || e.since == f.time || e.relocated)
	s.leap = s.Start && before.good > 0 && f.time-before.seen <= before.gap()
	if s.Used && !s.Start {
		s.Motion.Accel = e.accel
	}
	if !s.Start {
		s.Predicted = before.ahead(f.time, s.Motion)
	}
	e.tell(by, f, &s)
	return s
}

// passStart begins anew at a fix that a pass has rejected.
func (e *estimate) passStart(by *Recipe, f *fix) Step {
	s := Step{Time: f.time, Used: true, Start: true, leap: true, Motion: e.model(by, f)}
	e.learnInterval(seconds(f.time - e.seen))
	e.start(by, f)
	e.seen, e.lat, e.lon, e.motion, e.sigma = f.time, f.lat, f.lon, f.motion, f.sigma
	e.round()
	e.tell(by, f, &s)
	return s
}

// tell writes what a step came to.
func (e *estimate) tell(by *Recipe, f *fix, s *Step) {
	if s.Used {
		s.Velocity, s.Reported = e.velocity(f.motion)
		s.Stands = e.stopped()
	}
	s.Plane, s.Filtered = e.plane, e.ahead(f.time, e.model(by, f))
}

// dropExcursions takes out the fixes of stretches that begin and end with a leap, if what comes after goes on where
// the track was before: a receiver that was elsewhere for a while. It says whether there were any.
func (o *offline) dropExcursions() bool {
	keep := make([]bool, len(o.fixes))
	last, found := -1, false // the last fix used before the stretch
	for i := 0; i < len(o.steps); i++ {
		keep[i] = true
		if end := o.back(last, i); o.steps[i].leap && last >= 0 && end > 0 {
			for k := last + 1; k < end; k++ {
				keep[k] = false
			}
			keep[end], found = true, true
			i = end
		}
		if o.steps[i].Used {
			last = i
		}
	}
	n := 0
	for i := range o.fixes {
		if keep[i] {
			o.fixes[n], o.record[n] = o.fixes[i], o.record[i]
			n++
		}
	}
	o.fixes, o.record = o.fixes[:n], o.record[:n]
	return found
}

// back is the step, after the leap at step i, with which the track goes on from the last one before; 0 is none.
func (o *offline) back(last, i int) int {
	if last < 0 || !o.steps[i].leap {
		return 0
	}
	for k := i + 1; k < len(o.steps) && o.steps[k].Time-o.steps[last].Time <= 2*doubtTime; k++ {
		if o.steps[k].Start && o.goesOn(last, k) {
			return k
		}
	}
	return 0
}

// goesOn says whether the truck may have gone from step a to step b as fast as it was before and after, and a little
// more.
func (o *offline) goesOn(a, b int) bool {
	x, y := &o.steps[a], &o.steps[b]
	to := y.Filtered.Moved(&y.Plane, &x.Plane)
	p, q := x.Filtered.Position(), to.Position()
	v, w := x.Filtered.Velocity(), to.Velocity()
	speed := max(length(v[0], v[1]), length(w[0], w[1])) + 2*walkingSpeed
	dt := seconds(y.Time - x.Time)
	return length(q[0]-p[0], q[1]-p[1]) <= 1.3*speed*dt+2*gateSigmas*float64(o.fixes[a].sigma)/10/4
}
