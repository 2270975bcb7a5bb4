package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"argos"
	"argos/truth"
)

// Scenario describes one truck's drive, what its receiver sees of it, and what goes wrong: the plain form of what a
// fleet draws by itself, for tests. All that it leaves open follows from the seed.
type Scenario struct {
	Seed      uint64
	Drive     DriveKind
	Duration  time.Duration // of the drive, its nights not counted; 10 minutes if 0
	Origin    argos.LatLon  // where it begins; Centre if zero
	Start     time.Time     // on the truck's clock; 2026-06-01 08:00 UTC if zero
	Speed     float64       // m/s: of the road, where the kind of drive has one; 0: drawn, 8 to 30
	Brake     float64       // m/s2, of all braking on the road; 0: drawn, 1 to 6
	Nights    int           // so many times the truck stands for 6 to 10 hours, and its device sleeps
	Carried   bool          // a carrier moves it by 200 km in each night
	Receiver  Receiver
	Reporting Reporting
	Faults    []Fault
}

// Recording is what came of a scenario. Its slices go together, in the order of arrival.
type Recording struct {
	Fixes []argos.Fix // the number of each is that of the fix that was taken, from 0: a repeat has it too
	Recv  []int64     // ms: when it reached the gateway, whose clock is right
	Good  []bool      // nothing was done to it beyond the receiver's usual errors
	Label []string    // the kinds of the faults that it has, joined by +
	Sigma []float64   // m an axis: the receiver's usual error there
	Taken []int64     // ms: when it really was taken
	Speed []float64   // m/s: how fast the truck really was then, over ground
	Stood []float64   // s: how long it had really been standing then; 0 when it moved
	Truth truth.Track // each 0.1 s while the truck moves, each second while it stands, nothing in nights
}

// Records are the fixes as the log holds them. Those of a recording have nothing to do with the time at the gateway.
func (r *Recording) Records(recorded bool) []argos.Record {
	all := make([]argos.Record, len(r.Fixes))
	for i, f := range r.Fixes {
		all[i] = argos.Record{Fix: f, Recv: r.Recv[i], Recorded: recorded}
	}
	return all
}

// At is where the truck really was when the i-th fix was taken.
func (r *Recording) At(i int) argos.LatLon {
	at, _ := r.Truth.At(r.Taken[i])
	return at
}

// tickMs is how finely a scenario runs; its fixes are taken at multiples of it.
const tickMs = 100

// run is a scenario that is being recorded.
type run struct {
	*Scenario
	motion   motion
	device   device
	faults   faults
	reporter reporter
	network  *rand.Rand
	course   course
	nights   *rand.Rand
	slept    int

	now, awake int64   // ms after the start, of which awake
	looked     int64   // ms: of the last fix
	latest     float64 // s: when the newest arrives
	moments    []moment
	sent       []arrived
	truth      []truth.Row
	start      int64
}

// moment is what was so when a fix was taken.
type moment struct {
	taken               int64
	sigma, speed, stood float64
}

type arrived struct {
	shot
	at float64 // s after the start
}

// Record plays the scenario.
func (c Scenario) Record() *Recording {
	if c.Duration == 0 {
		c.Duration = 10 * time.Minute
	}
	if c.Origin == (argos.LatLon{}) {
		c.Origin = Centre
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	}
	r := newRun(&c)
	for r.awake < c.Duration.Milliseconds() {
		r.tick()
	}
	return r.recording()
}

func newRun(c *Scenario) *run {
	ways := stream(c.Seed, 0, 0)
	r := &run{
		Scenario: c,
		course:   course{rng: ways, speed: c.Speed, hard: c.Brake, city: newCity(ways)},
		device:   newDevice(&c.Receiver, stream(c.Seed, 0, 1)),
		faults:   faults{rng: stream(c.Seed, 0, 2)},
		network:  stream(c.Seed, 0, 3),
		nights:   stream(c.Seed, 0, 4),
		reporter: reporter{Reporting: c.Reporting},
		start:    c.Start.UnixMilli(),
	}
	r.motion = motion{more: r.legs, plane: planeAt(c.Origin), local: true}
	r.motion.begin(vec{}, vec{1, 0}.rotated(2*math.Pi*ways.Float64()))
	if first := r.motion.legs[0]; c.Drive == Straight || c.Drive == "" {
		r.motion.v = min(first.limit, math.Sqrt(2*first.brake*first.length))
	}
	return r
}

// legs goes on with the drive, or with a night when it is time for one.
func (r *run) legs() []leg {
	legs := r.course.legs(r.Drive)
	if r.slept < r.Nights && r.awake*int64(r.Nights+1) >= r.Duration.Milliseconds()*int64(r.slept+1) {
		r.slept++
		// In the city the truck does not stand when its last legs end: there is room to brake from what it goes.
		legs = append([]leg{
			{length: 250, limit: max(6, r.motion.v), brake: 2.5, state: state{asleep: true}},
			{length: 60, limit: 5},
		}, legs...)
		legs[0].stop = 3600 * (6 + 4*r.nights.Float64())
		if r.Carried {
			legs[1].shift = vec{200e3, 0}.rotated(2 * math.Pi * r.nights.Float64())
		}
	}
	return plan(cut(legs))
}

// tick takes the fix that is due, if one is, and goes on.
func (r *run) tick() {
	m := &r.motion
	pos, dir := m.where()
	if m.legs[0].asleep && m.standing > 0 {
		ticks := int64(math.Ceil(m.standing * 1000 / tickMs))
		m.advance(float64(ticks) * tickMs / 1000)
		r.now += ticks * tickMs
		r.reporter.began = false // it reports when it wakes
		return
	}
	due := r.reporter.due(tickMs/1000.0, dir, m.v) && m.hears()
	if due || m.standing <= 0 || r.now%1000 == 0 {
		r.truth = append(r.truth, truth.Row{TMs: r.start + r.now, Pos: m.plane.latLon(pos)})
	}
	if due {
		r.take()
	}
	m.advance(tickMs / 1000.0)
	r.now += tickMs
	r.awake += tickMs
}

func (r *run) take() {
	m := &r.motion
	s := shot{Fix: argos.NewFix("T-00001", r.start+r.now, 0, 0), n: len(r.moments)}
	s.Seq = int64(s.n)
	for _, f := range r.Faults {
		if f.From == s.n {
			r.faults.begin(f)
		}
	}
	dt := float64(r.now-r.looked) / 1000
	r.looked = r.now
	sees := m.sight(dt)
	sees.path = r.faults.path(dt, &s)
	sigma := r.device.observe(&s.Fix, &sees, &m.plane)
	r.moments = append(r.moments, moment{r.start + r.now, sigma, m.v, m.stood})
	r.faults.distort(&s)
	r.latest = max(r.latest, float64(r.now)/1000+latency(r.network))
	r.faults.deliver(s, func(s shot, delay float64) {
		r.sent = append(r.sent, arrived{s, r.latest + delay})
	})
}

// latency is the way through the network, s.
func latency(rng *rand.Rand) float64 { return 0.04 + min(0.26, 0.02*rng.ExpFloat64()) }

// recording puts all in the order of arrival. What an outage still holds back at the end arrives then.
func (r *run) recording() *Recording {
	r.faults.release(func(s shot, delay float64) {
		r.sent = append(r.sent, arrived{s, max(r.latest, float64(r.now)/1000) + delay})
	})
	slices.SortStableFunc(r.sent, func(a, b arrived) int { return cmp.Compare(a.at, b.at) })
	all := &Recording{Truth: truth.New(r.truth)}
	for _, s := range r.sent {
		at := r.moments[s.n]
		all.Fixes = append(all.Fixes, s.Fix)
		all.Recv = append(all.Recv, r.start+int64(s.at*1000))
		all.Good = append(all.Good, s.label == "")
		all.Label = append(all.Label, s.label)
		all.Sigma = append(all.Sigma, at.sigma)
		all.Taken = append(all.Taken, at.taken)
		all.Speed = append(all.Speed, at.speed)
		all.Stood = append(all.Stood, at.stood)
	}
	return all
}
