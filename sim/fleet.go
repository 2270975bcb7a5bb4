// Package sim is a fleet of trucks with the GNSS receivers and the mobile network that they have in practice, and the
// truth beside it: what a filter is measured against when there is no recording.
//
// A way is made of legs, each of one curvature (motion.go): through one city (streets.go) or as a scenario wants it
// (course.go). Receivers err with the correlation in time that real ones show, and differ in what they do about it
// (receiver.go). Fixes are off, lost, late, repeated, frozen or nonsense (fault.go, faults.go). A Fleet draws all that
// for each truck (truck.go, luck.go); a Scenario says it for one (scenario.go). All follows from the seed; a truck does
// the same in a fleet of any size.
package sim

import (
	"container/heap"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"argos"
	"argos/truth"
)

// Config describes a fleet.
type Config struct {
	Trucks   int       // default 1
	RateHz   float64   // fixes a truck and second; default 1
	Seed     uint64    // of everything
	Start    time.Time // of the trucks' clocks
	NoFaults bool      // receivers err, but nothing goes wrong
	Mixed    bool      // each truck reports once in 1 to 300 s, and sleeps at night; RateHz does not count
}

// Truth is kept for an hour, in so much memory for the whole fleet; of a large fleet, for less long.
const (
	truthKept   = time.Hour
	truthMemory = 64 << 20
)

// Fleet yields the fixes of its trucks in the order of their arrival. Its methods may be called from many goroutines.
type Fleet struct {
	mu     sync.Mutex
	cfg    Config
	trucks []*truck
	queue  queue
}

// New starts a fleet. Trucks are called T-00001, T-00002 and so on. A truck's fixes are numbered in the order in which
// it sent them, a repeated one anew, from Start in ms times 1,024: numbers of two runs do not meet.
func New(cfg Config) *Fleet {
	cfg.Trucks = max(1, cfg.Trucks)
	if cfg.RateHz <= 0 || cfg.Mixed {
		cfg.RateHz = 1
	}
	keep := min(int(truthKept.Seconds()*cfg.RateHz), truthMemory/rowSize/cfg.Trucks)
	f := &Fleet{cfg: cfg, trucks: make([]*truck, cfg.Trucks)}
	for i := range f.trucks {
		f.trucks[i] = newTruck(&f.cfg, i, fmt.Sprintf("T-%05d", i+1), max(keep, minTruth))
	}
	f.queue = make(queue, cfg.Trucks)
	for i, t := range f.trucks {
		f.queue[i] = arrival{t.pending[0].at, int32(i)}
	}
	heap.Init(&f.queue)
	return f
}

// Next returns the next fix to arrive at the gateway, and when it does, after Start. There is always one more.
func (f *Fleet) Next() (argos.Fix, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.trucks[f.queue[0].truck]
	m := t.arrive(&f.cfg)
	f.queue[0].at = t.pending[0].at
	heap.Fix(&f.queue, 0)
	return m.fix, m.at
}

// TruthAt is where a truck was at a time of its own clock; false when that is not known, or not any more.
func (f *Fleet) TruthAt(truckID string, tMs int64) (argos.LatLon, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.truck(truckID)
	if t == nil {
		return argos.LatLon{}, false
	}
	return t.truth.at(f.cfg.Start.UnixMilli(), tMs)
}

// Truth is all that is known of where a truck was: a row for each time at which it took, or should have taken, a fix.
func (f *Fleet) Truth(truckID string) truth.Track {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.truck(truckID)
	if t == nil {
		return nil
	}
	return t.truth.track(f.cfg.Start.UnixMilli())
}

func (f *Fleet) truck(id string) *truck {
	digits, ok := strings.CutPrefix(id, "T-")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > len(f.trucks) {
		return nil
	}
	return f.trucks[n-1]
}

// arrival is the next one of a truck.
type arrival struct {
	at    time.Duration
	truck int32
}

// queue is a heap of arrivals.
type queue []arrival

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].truck < q[j].truck
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(any)     { panic("sim: a fleet does not grow") }
func (q *queue) Pop() any     { panic("sim: a fleet does not shrink") }
