// Package fleet keeps the tracks of all trucks: a stateful Beam function, keyed by shard, around a plain fold.
package fleet

import (
	"context"
	"fmt"

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
	parts          = counter("argos_fleet_parts_total", "Parts of the log folded.")
	skipped        = counter("argos_fleet_skipped_records_total", "Records that their track had folded before, as after a restart.")
	foreign        = counter("argos_fleet_foreign_shards_total", "Shards whose state had another stamp and was seeded from the store again.")
	idled          = counter("argos_fleet_idle_trucks_total", "Trucks that left the state after an hour of silence.")
	lookups        = counter("argos_fleet_lookups_total", "Queries to the store for trucks that the state lacked.")
	lookupFailures = counter("argos_fleet_lookup_failures_total", "Such queries that failed and were repeated.")
	blobBytes      = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "argos_fleet_shard_bytes", Help: "Size of a shard's state when written.",
		Buckets: prometheus.ExponentialBuckets(1<<10, 4, 8),
	})
)

// Collectors returns the metrics of all fleets in the process.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{parts, skipped, foreign, idled, lookups, lookupFailures, blobBytes}
}

// Config is what the fleet must know of the job.
type Config struct {
	Job         string // the name of this run of the pipeline, unique in the process
	StoreURI    string
	Shards      int32
	Partitions  int32
	Epoch       int32
	Unconfirmed int64 // see Fold
}

// Track folds parts, KV<int64 shard, []byte payload of package decode>, into KV<int64 shard, []byte argos.Documents>.
func Track(s beam.Scope, cfg Config, parts beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("fleet.Track"), &Fn{Config: cfg, Blob: state.MakeValueState[[]byte]("blob")}, parts)
}

// Fn is the DoFn of Track.
type Fn struct {
	Config Config
	Blob   state.Value[[]byte]

	fold *Fold
	out  []byte
}

// ProcessElement folds one part: the state is read once and written once.
func (f *Fn) ProcessElement(ctx context.Context, p state.Provider, shard int64, payload []byte, emit func(int64, []byte)) error {
	if f.fold == nil {
		cfg := f.Config
		f.fold = &Fold{
			Stamp: Stamp{cfg.Shards, cfg.Partitions, cfg.Epoch}, Unconfirmed: cfg.Unconfirmed,
			Lookup: func(ctx context.Context, ids []string) ([]argos.Truck, error) { return lookup(ctx, cfg.StoreURI, ids) },
		}
	}
	visit, err := enter(f.Config.Job, shard)
	if err != nil {
		return err
	}
	writes, err := f.part(ctx, p, visit, shard, payload, emit)
	visit.leave(writes)
	return err
}

func (f *Fn) part(ctx context.Context, p state.Provider, visit *visit, shard int64, payload []byte, emit func(int64, []byte)) (writes uint64, err error) {
	blob, _, err := f.Blob.Read(p)
	if err != nil {
		return visit.writes, fmt.Errorf("read the state of shard %d: %w", shard, err)
	}
	next, docs, err := f.fold.Part(ctx, blob, payload)
	if err != nil {
		return visit.writes, fmt.Errorf("shard %d: %w", shard, err)
	}
	if err := visit.check(shard, f.fold.Writes()-1); err != nil {
		return visit.writes, err
	}
	if err := f.Blob.Write(p, next); err != nil {
		return visit.writes, fmt.Errorf("write the state of shard %d: %w", shard, err)
	}
	parts.Inc()
	blobBytes.Observe(float64(len(next)))
	f.out = docs.Append(f.out[:0])
	emit(shard, f.out) // whoever is fused to this decodes at once
	return f.fold.Writes(), nil
}
