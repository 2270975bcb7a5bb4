package track

// Decision is what the newest record was taken for, and why. It is for people: nothing of it is packed, or decides
// anything.
type Decision struct {
	Reason  Reason
	Metres  float64 // of a fix outside the gate: from where the track led to it; it may have leapt there
	Sigmas  float64 // the same in standard deviations
	Revised int64   // earlier fixes that count as used now, after it; negative: that do not any more
}

// Reason is why a record was used, or not.
type Reason uint8

// The reasons: first those of what is used, then of what is rejected, duplicate, and late.
const (
	noReason Reason = iota
	Began
	WithinGate
	AfterSilence
	Leapt
	Returned
	ClockPutBack

	NoFix
	OutsideGate
	Frozen
	Stale
	FarAhead

	SameFix
	SameTime

	TooLate
)

// Outcome is what a record with this reason counts as in its truck's document.
func (r Reason) Outcome() string {
	switch {
	case r < NoFix:
		return "used"
	case r < SameFix:
		return "rejected"
	case r < TooLate:
		return "duplicate"
	}
	return "late"
}

var reasons = [...]string{
	noReason:     "",
	Began:        "the track begins with it",
	WithinGate:   "within the gate",
	AfterSilence: "begun anew: the truck was silent for so long that the past says nothing of its place",
	Leapt:        "begun anew: the track led elsewhere; enough fixes agreed with one another, or none with it for too long",
	Returned:     "begun anew: back where the track led before it leapt",
	ClockPutBack: "the clock was put back: time goes on here",
	NoFix:        "the receiver has no fix: it says so, or its coordinates or time are such as are filled in",
	OutsideGate:  "outside the gate",
	Frozen:       "the receiver repeats its coordinates while it reports motion",
	Stale:        "the receiver tells an old place again, between fixes from elsewhere",
	FarAhead:     "far ahead of the track's time: kept until others agree with it",
	SameFix:      "the same time and place as one before: sent again",
	SameTime:     "the same time as one before, another place",
	TooLate:      "older than all that the track keeps to put it in its place",
}

func (r Reason) String() string { return reasons[r] }

// folded is what the newest record was, beside what its place in the window tells.
type folded struct {
	reason Reason // noReason: the window tells
	time   int64  // ms
	fixes  int64  // used before
}

// Decision says what the record folded last was taken for. It is known until the track is packed or copied.
func (t *Track) Decision() (d Decision) {
	d.Reason = t.newest.reason
	judged := &t.anchor.verdict
	if d.Reason == noReason || d.Reason == ClockPutBack {
		for i := range t.n {
			if t.window[i].time == t.newest.time {
				judged = &t.window[i].verdict
			}
		}
		if d.Reason == noReason || judged.reason.Outcome() != "used" {
			d.Reason, d.Metres, d.Sigmas = judged.reason, float64(judged.metres), float64(judged.sigmas)
		}
	}
	d.Revised = t.fixes - t.newest.fixes
	if d.Reason.Outcome() == "used" {
		d.Revised--
	}
	return d
}

// verdict is how a fix of the window was judged.
type verdict struct {
	reason         Reason
	metres, sigmas float32
}
