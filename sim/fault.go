package sim

import "argos"

// FaultKind is what goes wrong, and the label of the fixes that it went wrong with.
type FaultKind string

// What multipath does to the position. The receiver notices a part of it in its claims.
const (
	Jump    FaultKind = "jump"    // off by Metres, always the same way
	Scatter FaultKind = "scatter" // off by up to Metres, each fix another way
	Drift   FaultKind = "drift"   // an offset grows to Metres, and snaps back; one that stays grows for 60 fixes
	Wander  FaultKind = "wander"  // off by Metres an axis, correlated over 8 s: as parked between houses
)

// Places where the truck is not.
const (
	Frozen   FaultKind = "frozen"      // that of the last fix before
	Far      FaultKind = "far"         // one place Metres away
	Null     FaultKind = "null_island" // 0, 0
	Pole     FaultKind = "pole"        // 90, 180
	Meridian FaultKind = "meridian"    // longitude 0
	Mirrored FaultKind = "mirrored"    // the longitude has lost its sign
)

// What happens to times and messages.
const (
	Clock   FaultKind = "clock"   // the truck's clock is off by Seconds. WeekRollover is one such
	Late    FaultKind = "late"    // arrives so many Seconds later
	Outage  FaultKind = "outage"  // held back, and delivered once the network is back, in order
	Backlog FaultKind = "backlog" // the same, newest first, after the first fix that is live again
	Repeat  FaultKind = "dup"     // the label is the repeated message's
	Twin    FaultKind = "twin"    // a second message for the same time, off by Metres; the label is its own
	NoFix   FaultKind = "nofix"   // the receiver says that it has none, and its last place
	Lost    FaultKind = "lost"    // never sent
)

// WeekRollover is how far back, in s, the clock of a receiver is that has lost count of the weeks.
const WeekRollover = -1024 * 7 * 86400

// FaultKinds are all of them.
var FaultKinds = []FaultKind{
	Jump, Scatter, Drift, Wander, Frozen, Far, Null, Pole, Meridian, Mirrored,
	Clock, Late, Outage, Backlog, Repeat, Twin, NoFix, Lost,
}

// Fault goes wrong with Fixes fixes in a row, from the one taken as From-th on, counted from 0; with Fixes 0 it stays.
type Fault struct {
	Kind    FaultKind
	From    int
	Fixes   int
	Metres  float64
	Seconds float64
}

// fault is one that is happening.
type fault struct {
	Fault
	done  int // fixes so far
	off   vec // m, of the multipath
	place *argos.LatLon
}

// grown is the part of a Drift that is there by now.
func (x *fault) grown() float64 {
	fixes := x.Fixes
	if fixes == 0 {
		fixes = 60
	}
	return min(1, float64(x.done+1)/float64(fixes))
}

// shot is a fix as it was taken, and as it is sent.
type shot struct {
	argos.Fix
	n     int // it is the n-th that was taken
	label string
}

func (s *shot) mark(kind FaultKind) {
	if s.label != "" {
		s.label += "+"
	}
	s.label += string(kind)
}
