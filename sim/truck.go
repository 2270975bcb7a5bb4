package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"argos"
)

// truck is one of the fleet: its drive, its receiver, what goes wrong, and what is on the way to the gateway. All of it
// follows from the seed and the truck's number.
type truck struct {
	id       string
	drive    drive
	receiver receiver
	faults   faults
	network  *rand.Rand
	phase    int64 // ms after the start: its first fix
	n        int64 // fixes taken so far
	seq      int64 // of the next message
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
	t := &truck{
		id:       id,
		drive:    newDrive(stream(cfg.Seed, number, 0)),
		receiver: newReceiver(stream(cfg.Seed, number, 1), period),
		faults:   faults{period: period},
		network:  stream(cfg.Seed, number, 3),
		seq:      cfg.Start.UnixMilli() << 10,
		truth:    ring{keep: keep},
	}
	if !cfg.NoFaults {
		t.faults.rng = stream(cfg.Seed, number, 2)
	}
	t.phase = int64(t.network.Float64() * period * 1000)
	t.drive.advance(120 * t.network.Float64()) // not all of them are just setting off
	t.fill(cfg)
	return t
}

// due is when the truck takes its next fix, in ms after the start.
func (t *truck) due(cfg *Config) int64 {
	return t.phase + int64(math.Round(float64(t.n)*1000/cfg.RateHz))
}

// fill takes fixes until the first arrival is known: nothing arrives before it was taken.
func (t *truck) fill(cfg *Config) {
	for len(t.pending) == 0 || time.Duration(t.due(cfg))*time.Millisecond <= t.pending[0].at {
		t.take(cfg)
	}
}

func (t *truck) take(cfg *Config) {
	due := t.due(cfg)
	pos, dir := t.drive.where()
	t.truth.add(due, pos)
	f := argos.NewFix(t.id, cfg.Start.UnixMilli()+due, 0, 0)
	t.receiver.observe(&f, pos, dir, t.drive.v, t.faults.multipath())
	// The way through the network: 40 ms and some more, in order.
	usual := time.Duration(due)*time.Millisecond + seconds(0.04+min(0.26, 0.02*t.network.ExpFloat64()))
	usual = max(usual, t.arrived)
	t.arrived = usual
	t.faults.apply(f, func(f argos.Fix, delay time.Duration) {
		f.Seq = t.seq
		t.seq++
		t.post(message{usual + delay, f})
	})
	t.n++
	t.drive.advance(float64(t.due(cfg)-due) / 1000)
}

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
	if n := len(t.pending); n <= fewPending && cap(t.pending) > 4*fewPending { // the backlog of an outage: each truck would keep its longest
		t.pending = append(make([]message, 0, 2*fewPending), t.pending...)
	}
	t.fill(cfg)
	return m
}
