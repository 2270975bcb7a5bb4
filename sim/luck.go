package sim

import (
	"math/rand/v2"
	"sort"
)

// trouble is a fault that trucks have now and then: once in so many seconds of a truck's life on average, for so many
// seconds, and at least for one fix.
type trouble struct {
	kind    FaultKind
	every   float64
	lasts   [2]float64
	metres  [2]float64
	seconds [2]float64
}

// The common ones are single fixes; a burst of any length up to a minute comes once in 20 minutes.
var troubles = []trouble{
	{kind: Wander, every: 300, lasts: [2]float64{6, 24}, metres: [2]float64{16, 16}},
	{kind: Jump, every: 400, metres: [2]float64{60, 800}},
	{kind: Jump, every: 3600, lasts: [2]float64{1, 60}, metres: [2]float64{60, 400}},
	{kind: Jump, every: 7200, lasts: [2]float64{60, 300}, metres: [2]float64{10, 40}},
	{kind: Scatter, every: 3600, lasts: [2]float64{2, 20}, metres: [2]float64{60, 300}},
	{kind: Drift, every: 3600, lasts: [2]float64{5, 60}, metres: [2]float64{40, 200}},
	{kind: Wander, every: 7200, lasts: [2]float64{60, 300}, metres: [2]float64{10, 25}},
	{kind: Frozen, every: 900, lasts: [2]float64{4, 16}},
	{kind: NoFix, every: 1800, lasts: [2]float64{10, 40}},
	{kind: Lost, every: 1800, lasts: [2]float64{10, 40}},
	{kind: Outage, every: 1000, lasts: [2]float64{6, 24}},
	{kind: Backlog, every: 10_000, lasts: [2]float64{20, 180}},
	{kind: Late, every: 150, seconds: [2]float64{1.2, 5.2}}, // in periods
	{kind: Repeat, every: 100},
	{kind: Twin, every: 500, metres: [2]float64{3, 40}},
	{kind: Null, every: 4000},
	{kind: Null, every: 20_000, lasts: [2]float64{1, 20}},
	{kind: Mirrored, every: 40_000, lasts: [2]float64{1, 20}},
	{kind: Far, every: 40_000, lasts: [2]float64{1, 20}, metres: [2]float64{20e3, 2000e3}},
	{kind: Meridian, every: 80_000, lasts: [2]float64{1, 20}},
	{kind: Pole, every: 80_000, lasts: [2]float64{1, 20}},
	{kind: Clock, every: 15_000, seconds: [2]float64{3600, 3600}},
	{kind: Clock, every: 15_000, seconds: [2]float64{86400, 86400}},
	{kind: Clock, every: 15_000, seconds: [2]float64{WeekRollover, WeekRollover}},
	{kind: Clock, every: 80_000, lasts: [2]float64{10, 120}, seconds: [2]float64{-7200, -7200}}, // a time zone
}

// upTo is how often, per second, one of the troubles up to each of them begins.
var upTo = func() (sums []float64) {
	sum := 0.0
	for _, t := range troubles {
		sum += 1 / t.every
		sums = append(sums, sum)
	}
	return sums
}()

// mostOften is the share of fixes with which something begins, at most, however seldom a truck reports.
const mostOften = 0.3

// luck draws what goes wrong with a truck.
type luck struct {
	rng    *rand.Rand // nil: nothing ever does
	period float64    // s
}

// strikes says what begins to go wrong with this fix, if anything does.
func (l *luck) strikes() (f Fault, does bool) {
	often := upTo[len(upTo)-1]
	if l.rng == nil || l.rng.Float64() >= min(l.period*often, mostOften) {
		return f, false
	}
	t := &troubles[sort.SearchFloat64s(upTo, often*l.rng.Float64())]
	f = Fault{
		Kind: t.kind, Metres: l.within(t.metres), Seconds: l.within(t.seconds),
		Fixes: max(1, int(l.within(t.lasts)/l.period)),
	}
	if f.Kind == Late {
		f.Seconds *= l.period
	}
	return f, true
}

func (l *luck) within(r [2]float64) float64 { return r[0] + (r[1]-r[0])*l.rng.Float64() }

// intervals, in s, are how often trucks of mixed fleets report; what most do is there more than once.
var intervals = []float64{1, 1, 5, 10, 10, 30, 30, 60, 60, 60, 300}

func anyInterval(rng *rand.Rand) float64 { return intervals[rng.IntN(len(intervals))] }

// anyReceiver draws what a truck has. Half of them are plain; the others filter by themselves, hold their place while
// they stand, or tell it coarsely.
func anyReceiver(rng *rand.Rand) Receiver {
	quality := 0.7 + 0.7*rng.Float64()
	r := Receiver{White: 0.6 * quality, Slow: 2.2 * quality, Doppler: 0.1 * quality, HDOP: true}
	switch x := rng.Float64(); {
	case x < 0.25:
		r.Lag, r.Hold = 0.2+0.4*rng.Float64(), rng.IntN(2) == 0
	case x < 0.4:
		r.Hold = true
	case x < 0.45:
		r.Grid = Grid5
	case x < 0.5:
		r.Grid = GridNMEA
	}
	switch x := rng.Float64(); {
	case x < 0.6:
		r.Accuracy = Honest
	case x < 0.7:
		r.Accuracy = Constant
	case x < 0.75:
		r.Accuracy = TooSmall
	}
	switch x := rng.Float64(); {
	case x < 0.75:
		r.Speed, r.Course = true, true
	case x < 0.85:
		r.Speed = true
	}
	if r.Speed && rng.Float64() < 0.1 {
		r.Wheels = 0.97 + 0.06*rng.Float64()
	}
	return r
}
