package pipelines

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/io/kafkaio"
	"argos/membership"
)

var (
	partitionsOwned = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "argos_group_partitions_owned", Help: "Partitions that this worker reads at present.",
	})
	partitionsThere = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "argos_group_partitions", Help: "Partitions that the workers share.",
	})
	unownedSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "argos_group_unowned_seconds",
		Help:    "How long a partition that this worker came to own had no owner; up to 1 s too long when its last one died.",
		Buckets: []float64{.05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 7.5, 10, 30, 60},
	})
)

// keepLost is how long a worker that fell out of the group goes on reading what it had. It is longer than a
// coordinator takes to come back or to be replaced, and that should stop nobody; whoever owns the partitions
// meanwhile, the store's guard keeps them exact.
const keepLost = 30 * time.Second

// lookForEpoch is how often a worker looks whether another has begun a new epoch, or has stepped to a new layout.
const lookForEpoch = 2 * time.Second

// releaseWithin is how long a partition that is asked back may take to be stored. Whatever is not, the next owner
// reads again.
const releaseWithin = 5 * time.Second

// assignment is which partitions the consumer group has given to this worker, and hands each to the job that runs.
type assignment struct {
	store  argos.Store
	topic  string
	log    *slog.Logger
	member *membership.Member

	mu    sync.Mutex
	mine  map[int]bool
	job   *kafkaio.Job // the one that runs, if any
	owned map[int]bool // by the job
	// ends what the worker still reads although the group may have given it to others; nil: it has not
	lost    *time.Timer
	changed chan struct{} // has a token when there may be partitions that the job does not own yet
}

func newAssignment(store argos.Store, topic string, log *slog.Logger) *assignment {
	return &assignment{
		store:   store,
		topic:   topic,
		log:     log,
		mine:    map[int]bool{},
		owned:   map[int]bool{},
		changed: make(chan struct{}, 1),
	}
}

// Assigned is called by the group's member.
func (a *assignment) Assigned(partitions []int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost != nil { // others may have stored more of all that it still reads
		a.lost.Stop()
		a.disown()
	}
	for _, p := range partitions {
		a.mine[p] = true
	}
	a.log.Info("the consumer group has assigned partitions", "new", partitions, "all", slices.Sorted(maps.Keys(a.mine)))
	a.wake()
}

func (a *assignment) wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// Lost is called by the group's member: another may read these already, or nobody can, for the coordinator is away.
func (a *assignment) Lost(partitions []int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost != nil || len(a.mine) == 0 {
		return
	}
	a.log.Warn(
		"this worker has fallen out of the consumer group, and joins it again; until then it reads on for a while",
		"partitions",
		partitions,
		"while",
		keepLost,
	)
	a.lost = time.AfterFunc(keepLost, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.lost != nil {
			a.log.Warn("the consumer group has not taken this worker back: it reads no more")
			a.disown()
		}
	})
}

// close is called when the member has left.
func (a *assignment) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost != nil {
		a.lost.Stop()
		a.lost = nil
	}
}

// disown takes everything from the worker.
func (a *assignment) disown() {
	a.lost = nil
	for _, p := range a.remove(slices.Collect(maps.Keys(a.mine))) {
		a.job.Disown(p)
	}
}

// Revoked is called by the group's member: the next owner begins when it returns.
func (a *assignment) Revoked(ctx context.Context, partitions []int) {
	a.mu.Lock()
	job, owned := a.job, a.remove(partitions)
	a.mu.Unlock()
	if len(owned) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, releaseWithin)
	defer cancel()
	if err := job.Release(ctx, owned...); err != nil {
		a.log.Warn(
			"partitions are handed over before all of theirs is stored; their next owner reads it again",
			"partitions",
			owned,
			"error",
			err,
		)
		return
	}
	marks := map[int32]int64{}
	for _, p := range owned {
		marks[int32(p)] = job.Mark(p)
	}
	if err := a.member.Commit(ctx, marks); err != nil { // it is advice
		a.log.Debug("committing the marks of partitions that are handed over", "error", err)
	}
	a.log.Info("partitions are handed over", "partitions", owned)
}

// remove takes partitions from the worker and returns those of them that the job owns.
func (a *assignment) remove(partitions []int) (owned []int) {
	for _, p := range partitions {
		if a.owned[p] {
			owned = append(owned, p)
		}
		delete(a.mine, p)
		delete(a.owned, p)
	}
	partitionsOwned.Set(float64(len(a.owned)))
	return owned
}
