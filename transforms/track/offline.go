package track

// offline goes through a drive's fixes in time order, and may go back.
type offline struct {
	by       *Recipe
	fixes    []fix
	record   []int  // of each fix
	astray   []bool // whether a fix is of an excursion: where it was counts for nothing
	kept     []bool // whether it was taken for one by mistake
	receiver receiver
	steps    []Step
}

// passes is how often a drive is gone through at most, the first time to know the receiver.
const passes = 8

// run returns the steps of the last pass.
func (o *offline) run() []Step {
	o.astray, o.kept = make([]bool, len(o.fixes)), make([]bool, len(o.fixes))
	o.pass()
	for range passes - 1 {
		o.pass()
		if !o.findExcursions() {
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
		s := e.pass(o.by, &o.fixes[i], o.astray[i])
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
func (e *estimate) pass(by *Recipe, f *fix, astray bool) Step {
	s := Step{Time: f.time, Motion: e.model(by, f)}
	before := *e
	if astray {
		e.passBy(by, f)
	} else {
		s.Used = e.step(by, f)
	}
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

// passBy goes past a fix of an excursion: the truck is known to go on behind it, however long that takes.
func (e *estimate) passBy(by *Recipe, f *fix) {
	kf := e.ahead(f.time, e.model(by, f))
	e.leaveOut(by, f, &kf)
	e.rejects, e.fixed = 0, max(e.fixed, f.time-e.gap()/2)
	e.learnInterval(seconds(f.time - e.seen))
	e.seen, e.lat, e.lon, e.motion, e.sigma = f.time, f.lat, f.lon, f.motion, f.sigma
	e.recentre()
	e.round()
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
