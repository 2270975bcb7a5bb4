package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"argos"
)

// How often a fault begins, once in so many seconds of a truck's life on average, and how long it lasts.
const (
	burstEvery   = 300 // multipath: the position wanders off
	burstLasts   = 15
	tunnelEvery  = 900 // no satellites: rows without a fix, or silence
	tunnelLasts  = 25
	offlineEvery = 900 // no network: fixes arrive when it is back, after newer ones
	offlineLasts = 15
	frozenEvery  = 900 // the receiver repeats a position while the truck moves
	frozenLasts  = 10
	lateEvery    = 150 // one fix is overtaken by others
	repeatEvery  = 100 // one is sent twice
	twinEvery    = 500 // another position for the same time
	jumpEvery    = 300 // one position is far off
	nullEvery    = 3000
	clockEvery   = 5000 // one time is wrong
)

// faults decides what goes wrong with one truck's fixes.
type faults struct {
	rng    *rand.Rand // nil: nothing ever does
	period float64    // s

	burst, tunnel, offline, frozen float64 // s still to last
	silent                         bool    // in this tunnel
	last                           argos.Fix
	known                          bool // last is one
}

// begins says whether something that happens once in so many seconds does so in this period.
func (x *faults) begins(every float64) bool { return x.rng.Float64() < min(x.period/every, 0.2) }

// lasts advances a fault by a period: it goes on, or begins, or is not there.
func (x *faults) lasts(rest *float64, every, mean float64) bool {
	if *rest -= x.period; *rest > 0 {
		return true
	}
	if !x.begins(every) {
		return false
	}
	*rest = mean * (0.4 + 1.2*x.rng.Float64())
	return true
}

// multipath says whether the streets reflect in this period.
func (x *faults) multipath() bool { return x.rng != nil && x.lasts(&x.burst, burstEvery, burstLasts) }

// apply hands on what the device sends of a fix: nothing, the fix or what became of it, or more than one.
// delay is how much later than usual it arrives.
func (x *faults) apply(f argos.Fix, send func(f argos.Fix, delay time.Duration)) {
	if x.rng == nil {
		send(f, 0)
		return
	}
	before := x.tunnel
	if x.lasts(&x.tunnel, tunnelEvery, tunnelLasts) {
		if x.tunnel > before { // a new one
			x.silent = x.rng.IntN(2) == 0
		}
		if !x.silent && x.known {
			send(stale(x.last, f.Time), 0)
		}
		return
	}
	delay := time.Duration(0)
	if x.lasts(&x.offline, offlineEvery, offlineLasts) {
		delay = seconds(x.offline + x.rng.Float64()*0.5)
	} else if x.begins(lateEvery) {
		delay = seconds(x.period * (1.2 + 4*x.rng.Float64()))
	}
	if x.lasts(&x.frozen, frozenEvery, frozenLasts) && x.known {
		f.Lat, f.Lon = x.last.Lat, x.last.Lon
	}
	x.last, x.known = f, true
	x.distort(&f)
	send(f, delay)
	if x.begins(repeatEvery) {
		send(f, delay+seconds(0.05+3*x.rng.Float64()))
	}
	if x.begins(twinEvery) {
		x.displace(&f, 3, 40)
		send(f, delay+seconds(0.05+x.rng.Float64()))
	}
}

// distort makes one fix wrong by itself.
func (x *faults) distort(f *argos.Fix) {
	switch {
	case x.begins(jumpEvery):
		x.displace(f, 60, 800)
	case x.begins(nullEvery):
		f.Lat, f.Lon = 0, 0
	case x.begins(clockEvery):
		wrong := [...]time.Duration{time.Hour, 24 * time.Hour, -1024 * 7 * 24 * time.Hour}
		f.Time += wrong[x.rng.IntN(len(wrong))].Milliseconds()
	}
}

// displace moves a fix by between least and most metres.
func (x *faults) displace(f *argos.Fix, least, most float64) {
	d := vec{least + (most-least)*x.rng.Float64(), 0}.rotated(2 * math.Pi * x.rng.Float64())
	f.Lat = round(f.Lat+d.y/northPerDegree, 1e7)
	f.Lon = round(f.Lon+d.x/eastPerDegree, 1e7)
}

// stale is what a receiver without satellites says: its last position, and that it means nothing.
func stale(last argos.Fix, timeMs int64) argos.Fix {
	f := argos.NewFix(last.TruckID, timeMs, last.Lat, last.Lon)
	f.HDOP, f.Valid = 99.9, false
	return f
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
