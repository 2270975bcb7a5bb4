package pipelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/storeio"
	"argos/membership"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

// Group is the consumer group that the marks are committed to, as advice for tools that show a lag. On Prism the
// store's identity follows, and its members, the workers of that store, divide the partitions.
const Group = "argos-pipeline"

// PerTruck asks for a Beam key, and so a state cell, for each truck instead of shards: for comparison.
const PerTruck = -1

// Config is what the live pipeline is told.
type Config struct {
	Kafka    cluster.Config
	Topic    string // argos.Topic unless given
	StoreURI string // of a store that argos.Process knows
	Shards   int    // a multiple of the partitions; 0: as many as partitions; PerTruck

	// bytes that the tracks of a process may take, about; 0: an eighth of the machine's or control group's memory
	Memory int64

	NewEpoch         bool // the topic was remade: read it from its beginning
	AcceptPartitions bool // the topic has grown

	// Instance is of membership.Config: a name that the process which replaces this one after a crash has, too;
	// empty: none.
	Instance string

	DrainWithin time.Duration // how long what is under way may take to be stored at the end; 10 s unless given
	Log         *slog.Logger  // slog.Default() unless given

	name  string                    // of the run
	group string                    // Group; a test's, of two owners that know nothing of each other
	still time.Duration             // stillFor unless given
	tune  func(*kafkaio.ReadConfig) // a test's cut of the log
}

func (c Config) withDefaults() Config {
	if c.Topic == "" {
		c.Topic = argos.Topic
	}
	if c.DrainWithin == 0 {
		c.DrainWithin = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.group == "" {
		c.group = Group
	}
	if c.still == 0 {
		c.still = stillFor
	}
	c.name = fmt.Sprintf("live-%d", runs.Add(1))
	return c
}

// shards is what the steps of the pipeline take: 0 is a key a truck.
func (c Config) shards(partitions int) int {
	switch c.Shards {
	case 0:
		return partitions
	case PerTruck:
		return 0
	}
	return c.Shards
}

var restarts = prometheus.NewCounter(prometheus.CounterOpts{
	Name: "argos_pipeline_restarts_total", Help: "Jobs that failed and were started again from the marks.",
})

// Collectors returns the metrics of the pipelines in this process and of all that they are made of.
func Collectors() []prometheus.Collector {
	all := []prometheus.Collector{restarts, partitionsOwned, partitionsThere, unownedSeconds}
	for _, more := range [][]prometheus.Collector{
		kafkaio.Collectors(), kafkaio.HeadroomCollectors(), membership.Collectors(), decode.Collectors(), fleet.Collectors(),
		storeio.Collectors(),
	} {
		all = append(all, more...)
	}
	return all
}

// runs counts the runs and jobs of this process: Beam's functions find what they share by name, and a name must never
// mean two jobs, of which an abandoned one may still be at work.
var runs atomic.Int64

// Live is a running pipeline.
type Live struct {
	cfg   Config
	store argos.Store
	drain context.CancelFunc // asks for the end
	kill  context.CancelFunc // does not wait for what is under way
	done  chan struct{}
	err   error // once done

	assignment *assignment

	mu    sync.Mutex
	job   *kafkaio.Job // the present attempt, if any
	marks []int64      // of the last one
}

// Run runs the live pipeline until ctx ends, and then drains it: nil. It fails when the broker or the store does not
// answer at the start, or the two do not fit together (ErrRefused); later failures are logged and the job resumes
// from the marks.
func Run(ctx context.Context, cfg Config) error {
	l, err := Start(ctx, cfg)
	if err != nil {
		return err
	}
	<-l.Done()
	return l.Err()
}

// Start is Run without waiting: it returns when the pipeline is found to be able to run.
func Start(ctx context.Context, cfg Config) (*Live, error) {
	cfg = cfg.withDefaults()
	store, err := argos.Process.Open(ctx, cfg.StoreURI)
	if err != nil {
		return nil, err
	}
	from, err := ready(ctx, store, cfg)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if cfg.group == Group { // workers of another store have all partitions to themselves
		id, err := store.Identity(ctx)
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		cfg.group += "-" + id
	}
	cfg.NewEpoch, cfg.AcceptPartitions = false, false // said once, done once
	l := &Live{
		cfg:        cfg,
		store:      store,
		done:       make(chan struct{}),
		marks:      from.offsets,
		assignment: newAssignment(store, cfg.Topic, cfg.Log),
	}
	member, err := membership.Join(membership.Config{
		Kafka: cfg.Kafka, Topic: cfg.Topic, Group: cfg.group, Handler: l.assignment, Instance: cfg.Instance, Log: cfg.Log,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	l.assignment.member = member
	var running context.Context
	running, l.drain = context.WithCancel(ctx)
	alive, kill := context.WithCancelCause(context.WithoutCancel(ctx))
	l.kill = func() { kill(errDrain) }
	go func() {
		defer close(l.done)
		var watching sync.WaitGroup
		watching.Go(func() { (&kafkaio.Headroom{Kafka: cfg.Kafka, Topic: cfg.Topic, Store: store}).Follow(running) })
		err := l.supervise(running, alive)
		l.leave()
		l.drain()
		watching.Wait()
		l.err = errors.Join(err, store.Close())
		l.kill()
	}()
	return l, nil
}

// leaveWithin bounds the farewell to the group, which learns of a silent end by itself, only later.
const leaveWithin = 3 * time.Second

// leave tells the group. That it can't be told is no failure of the pipeline.
func (l *Live) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	defer l.assignment.close()
	if err := l.assignment.member.Leave(ctx); err != nil {
		l.cfg.Log.Warn("the consumer group could not be told that this worker is gone", "error", err)
	}
}

func ready(ctx context.Context, store argos.Store, cfg Config) (start, error) {
	if err := store.Ping(ctx); err != nil {
		return start{}, fmt.Errorf("the store does not answer: %w", err)
	}
	if err := kafkaio.EnsureTopic(ctx, cfg.Kafka, argos.DeadLetterTopic, 1); err != nil {
		return start{}, fmt.Errorf("topic for dead letters: %w", err)
	}
	return resume(ctx, store, cfg)
}

// Stop drains the pipeline: what the source has handed out is stored and confirmed. When ctx ends before, what is
// under way is dropped, and read again by the next run.
func (l *Live) Stop(ctx context.Context) error {
	l.drain()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.kill()
		<-l.done
	}
	return l.err
}

// Done is closed when the pipeline has ended; Err then says why: nil after a drain.
func (l *Live) Done() <-chan struct{} { return l.done }

// Err is why the pipeline has ended. Valid once Done is closed.
func (l *Live) Err() error { return l.err }

// Marks returns how far each partition is stored.
func (l *Live) Marks() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.job != nil {
		l.marks = l.job.Marks()
	}
	return append([]int64(nil), l.marks...)
}

// WaitFor returns when each partition is stored up to the given offset.
func (l *Live) WaitFor(ctx context.Context, offsets []int64) error {
	tick := time.NewTicker(
		5 * time.Millisecond,
	) // an attempt may fail and another take over, so no single one is waited for
	defer tick.Stop()
	for {
		behind, marks := 0, l.Marks()
		for p, o := range offsets {
			if p < len(marks) && marks[p] < o || p >= len(marks) && o > 0 {
				behind++
			}
		}
		if behind == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-l.done:
			return errors.Join(
				fmt.Errorf("the pipeline ended with %d partitions not stored to the offsets waited for", behind),
				l.err,
			)
		case <-ctx.Done():
			return fmt.Errorf("%d partitions are not stored to the offsets waited for: %w", behind, ctx.Err())
		}
	}
}

// Stats returns what the run's sink has done, over all its attempts.
func (l *Live) Stats() storeio.Stats { return storeio.StatsOf(l.cfg.name) }
