package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"argos"
)

// truck is one of the fleet: its way, its receiver, what goes wrong, and what is on the way to the gateway. All of it
// follows from the seed and the truck's number.
type truck struct {
	id       string
	city     city
	motion   motion
	receiver Receiver
	device   device
	luck     luck
	faults   faults
	network  *rand.Rand
	period   float64 // s between fixes
	night    int64   // ms after the start: of a mixed fleet: it sleeps at the end of the next street
	phase    int64   // ms after the start: its first fix
	n        int64   // fixes taken so far
	seq      int64   // of the next message
	arrived  time.Duration
	pending  []message // by arrival
	truth    ring
}

// fewPending messages are on the way without an outage.
const fewPending = 8

// message is a fix on its way.
type message struct {
	at  time.Duration // arrival, after the start
	fix argos.Fix
}

// A truck's own random numbers come in four streams, so that one is not moved by what another needs.
func stream(seed uint64, number, purpose int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, mix(uint64(number)<<3|uint64(purpose))))
}

func newTruck(cfg *Config, number int, id string, keep int) *truck {
	period := 1 / cfg.RateHz
	network := stream(cfg.Seed, number, 3)
	if cfg.Mixed {
		period = anyInterval(network)
	}
	devices := stream(cfg.Seed, number, 1)
	t := &truck{
		id:       id,
		city:     newCity(stream(cfg.Seed, number, 0)),
		receiver: anyReceiver(devices),
		luck:     luck{period: period},
		network:  network,
		period:   period,
		seq:      cfg.Start.UnixMilli() << 10,
		truth:    ring{keep: keep},
	}
	t.motion = motion{more: t.city.legs, plane: cityPlane}
	if cfg.Mixed { // in the middle of a day
		t.motion.more = t.legs
		t.night = 1 + int64(network.Float64()*float64(longestDay.Milliseconds()))
	}
	t.device = newDevice(&t.receiver, devices)
	if !cfg.NoFaults {
		t.luck.rng = stream(cfg.Seed, number, 2)
		t.faults.rng = t.luck.rng
	}
	t.phase = int64(t.network.Float64() * period * 1000)
	t.motion.begin(t.city.enters())
	t.motion.advance(120 * t.network.Float64()) // not all of them are just setting off
	t.fill(cfg)
	return t
}

// due is when the truck takes its next fix, in ms after the start.
func (t *truck) due() int64 {
	return t.phase + int64(math.Round(float64(t.n)*1000*t.period))
}

// fill takes fixes until the first arrival is known: nothing arrives before it was taken.
func (t *truck) fill(cfg *Config) {
	for len(t.pending) == 0 || time.Duration(t.due())*time.Millisecond <= t.pending[0].at {
		t.take(cfg)
	}
}

func (t *truck) take(cfg *Config) {
	due := t.due()
	m := &t.motion
	if !m.hears() {
		t.next()
		return
	}
	sees := m.sight(t.period)
	t.truth.add(due, sees.pos)
	if f, does := t.luck.strikes(); does {
		t.faults.begin(f)
	}
	s := shot{Fix: argos.NewFix(t.id, cfg.Start.UnixMilli()+due, 0, 0), n: int(t.n)}
	sees.path = t.faults.path(sees.dt, &s)
	t.device.observe(&s.Fix, &sees, &m.plane)
	t.faults.distort(&s)
	// In order, unless something goes wrong.
	usual := max(time.Duration(due)*time.Millisecond+seconds(latency(t.network)), t.arrived)
	t.arrived = usual
	t.faults.deliver(s, func(s shot, delay float64) {
		s.Seq = t.seq
		t.seq++
		t.post(message{usual + seconds(delay), s.Fix})
	})
	t.next()
}

// next moves the truck on to its next fix.
func (t *truck) next() {
	due := t.due()
	t.n++
	t.motion.advance(float64(t.due()-due) / 1000)
}

// longestDay is how long a truck drives at most from one night to the next.
const longestDay = 14 * time.Hour

// legs are those of the city, with a night at the end of the street when it is time for one.
func (t *truck) legs() []leg {
	legs := t.city.legs()
	if now := t.due(); now >= t.night {
		night := seconds(3600 * (6 + 4*t.network.Float64()))
		legs[0].stop, legs[0].asleep = night.Seconds(), true
		day := longestDay - time.Duration(4*t.network.Float64()*float64(time.Hour))
		t.night = now + (night + day).Milliseconds()
	}
	return plan(legs)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// post puts a message in its place; of two that arrive at once the one sent first stays first.
func (t *truck) post(m message) {
	i := len(t.pending)
	for i > 0 && t.pending[i-1].at > m.at {
		i--
	}
	t.pending = slices.Insert(t.pending, i, m)
}

// arrive takes the first message off.
func (t *truck) arrive(cfg *Config) message {
	m := t.pending[0]
	t.pending = slices.Delete(t.pending, 0, 1)
	// After an outage: else each truck would keep room for its longest.
	if n := len(t.pending); n <= fewPending && cap(t.pending) > 4*fewPending {
		t.pending = append(make([]message, 0, 2*fewPending), t.pending...)
	}
	t.fill(cfg)
	return m
}
