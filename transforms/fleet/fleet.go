// Package fleet keeps the tracks of all trucks: a stateful Beam function, keyed by shard, around a plain fold.
package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/prometheus/client_golang/prometheus"

	"argos"
)

func init() {
	register.DoFn5x1[context.Context, state.Provider, int64, []byte, func(int64, []byte), error](&Fn{})
	register.Emitter2[int64, []byte]()
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

var (
	parts   = counter("argos_fleet_parts_total", "Parts of the log folded.")
	skipped = counter(
		"argos_fleet_skipped_records_total",
		"Records that their track had folded before, as after a restart.",
	)
	foreign = counter(
		"argos_fleet_foreign_shards_total",
		"Shards whose state had another stamp and was seeded from the store again.",
	)
	idled          = counter("argos_fleet_idle_trucks_total", "Trucks that left the state after an hour of silence.")
	lookups        = counter("argos_fleet_lookups_total", "Queries to the store for trucks that the state lacked.")
	lookupFailures = counter("argos_fleet_lookup_failures_total", "Such queries that failed and were repeated.")
	cold           = counter(
		"argos_fleet_cold_shards_total",
		"Shards whose tracks in memory were not those of the state, and were read from it.",
	)
	baseBytes = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "argos_fleet_shard_bytes", Help: "Size of a shard's whole state when written.",
		Buckets: prometheus.ExponentialBuckets(1<<10, 4, 8),
	})
	evicted = counter(
		"argos_fleet_evicted_trucks_total",
		"Trucks that left the memory because it is full; the store has them.",
	)
	memoryLimit = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "argos_fleet_memory_limit_bytes", Help: "How much memory tracks may take.",
	})
	memoryBytes = prometheus.NewGauge(
		prometheus.GaugeOpts{Name: "argos_fleet_memory_bytes", Help: "Tracks kept in memory, about."},
	)
)

// Collectors returns the metrics of all fleets in the process.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		parts,
		skipped,
		foreign,
		idled,
		lookups,
		lookupFailures,
		cold,
		evicted,
		baseBytes,
		memoryBytes,
		memoryLimit,
	}
}

// Config is what the fleet must know of the job.
type Config struct {
	Job         string // the name of this run of the pipeline, unique in the process
	StoreURI    string
	Shards      int32
	Partitions  int32
	Epoch       int32
	Unconfirmed int64 // see Fold
	Memory      int64 // bytes that the tracks of a process may take, about; 0: by what the machine has

	// Rewinds says that the runner may go back to an older state of a shard, as to a checkpoint. Elsewhere that is a
	// lost write.
	Rewinds bool

	Patience time.Duration // how long the store may not answer before the bundle fails; 0: until the job ends
}

// Track folds parts, KV<int64 shard, []byte payload of package decode>, into KV<int64 shard, []byte argos.Documents>.
func Track(s beam.Scope, cfg Config, parts beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("fleet.Track"), NewFn(cfg), parts)
}

// Fn is the DoFn of Track. Its state is explained in cells.go.
type Fn struct {
	Config Config
	Base   state.Value[[]byte]
	Deltas state.Bag[[]byte]
	Tags   state.Bag[int64]

	fold *Fold
	out  []byte
}

// NewFn is a DoFn with its cells.
func NewFn(cfg Config) *Fn {
	return &Fn{
		Config: cfg,
		Base: state.MakeValueState[[]byte](
			"base",
		), Deltas: state.MakeBagState[[]byte]("deltas"), Tags: state.MakeBagState[int64]("tags"),
	}
}

// ProcessElement folds one part.
func (f *Fn) ProcessElement(
	ctx context.Context,
	p state.Provider,
	shard int64,
	payload []byte,
	emit func(int64, []byte),
) error {
	if f.fold == nil {
		cfg := f.Config
		memory.bound(cfg.Memory)
		f.fold = &Fold{
			Stamp: Stamp{
				Shards:     cfg.Shards,
				Partitions: cfg.Partitions,
				Epoch:      cfg.Epoch,
			}, Unconfirmed: cfg.Unconfirmed,
			Stored: memory.storedOf(cfg.Job),
			Lookup: func(ctx context.Context, ids []string) ([]argos.Truck, error) {
				if cfg.Patience > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, cfg.Patience)
					defer cancel()
				}
				return lookup(ctx, cfg.StoreURI, ids)
			},
		}
	}
	visit, err := memory.enter(f.Config.Job, shard)
	if err != nil {
		return err
	}
	var tracks *cached // nothing is remembered of a part that failed, in a panic either
	defer func() { memory.leave(visit, tracks) }()
	done, docs, err := f.part(ctx, p, visit, shard, payload)
	if err != nil {
		return fmt.Errorf("shard %d: %w", shard, err)
	}
	parts.Inc()
	f.out = docs.Append(f.out[:0])
	emit(shard, f.out) // whoever is fused to this decodes at once
	if may := memory.allowance(visit, done.memory()); may < done.memory() {
		f.fold.Shrink(done.Shard, may)
	}
	tracks = done
	return nil
}

func (f *Fn) part(
	ctx context.Context,
	p state.Provider,
	visit *visit,
	shard int64,
	payload []byte,
) (*cached, *argos.Documents, error) {
	of, _, err := argos.DecodePart(payload)
	if err != nil {
		return nil, nil, err
	}
	f.fold.Term = of.Term
	tracks, err := f.open(p, visit.tracks)
	if err != nil {
		return nil, nil, err
	}
	if !f.Config.Rewinds && visit.term == of.Term {
		if err := visit.check(shard, tracks.Writes()); err != nil {
			return nil, nil, err
		}
	}
	docs, err := f.fold.Part(ctx, tracks.Shard, payload)
	if err != nil {
		return nil, nil, err
	}
	return tracks, docs, f.save(p, tracks)
}
