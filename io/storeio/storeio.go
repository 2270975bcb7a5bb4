// Package storeio is the sink of the pipeline: one for every argos.Store.
package storeio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
)

func init() {
	register.DoFn3x1[int64, []byte, func(int64, []byte), error](&Fn{})
	register.Emitter2[int64, []byte]()
}

// Config is what the sink must know of the job.
type Config struct {
	Job      string // the name that StatsOf counts under
	StoreURI string

	Patience time.Duration // how long the store may fail before the bundle does; 0: until the job ends
}

// Write stores documents, KV<int64 shard, []byte argos.Documents>, and returns the acknowledgement of each part that is
// stored, KV<int64 partition, []byte argos.Part...>: one element a bundle and partition. It writes once a bundle.
func Write(s beam.Scope, cfg Config, docs beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("storeio.Write"), &Fn{Config: cfg}, docs)
}

// Fn is the DoFn of Write. It must be fused to the stateful one before it: then the bundles of a shard never overlap,
// and a document without attrs cannot pass an older one that had them.
type Fn struct {
	Config Config
	held   held
	docs   argos.Documents
}

// ProcessElement holds a part's documents until the bundle ends.
func (f *Fn) ProcessElement(_ int64, docs []byte, _ func(int64, []byte)) error {
	if err := f.docs.Decode(docs); err != nil {
		return err
	}
	f.held.add(&f.docs)
	return nil
}

// FinishBundle writes what the bundle held, and then acknowledges its parts.
func (f *Fn) FinishBundle(ctx context.Context, ack func(int64, []byte)) error {
	defer f.held.clear()
	if err := f.write(ctx); err != nil {
		return err
	}
	for partition, parts := range f.held.acks() {
		ack(partition, parts)
	}
	return nil
}

func (f *Fn) write(ctx context.Context) error {
	trucks := f.held.sorted()
	if len(trucks) == 0 {
		return nil
	}
	if f.Config.Patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.Config.Patience)
		defer cancel()
	}
	refused, err := upsert(ctx, f.Config.StoreURI, trucks)
	if err != nil {
		return fmt.Errorf("write %d documents: %w", len(trucks), err)
	}
	diverged := divergent(trucks, refused)
	countsOf(f.Config.Job).stored(time.Now(), trucks, f.held.recvs, len(refused), len(diverged))
	return errors.Join(diverged...)
}

// divergent returns an error for each refusal by a document that has not folded what the refused one had.
func divergent(trucks []argos.Truck, refused []argos.Refusal) (errs []error) {
	if len(refused) == 0 {
		return nil
	}
	by := make(map[string]*argos.Truck, len(trucks))
	for i := range trucks {
		by[trucks[i].ID] = &trucks[i]
	}
	for _, r := range refused {
		t := by[r.ID]
		if t == nil {
			errs = append(errs, fmt.Errorf("the store refused truck %s, which it was not given", r.ID))
		} else if !r.Contains(t) {
			errs = append(errs, fmt.Errorf(
				"%w: truck %s is stored with rev %d up to %+v, and the log gives rev %d up to %+v",
				argos.ErrDiverged, r.ID, r.Rev, r.Pos, t.Rev, t.Pos))
		}
	}
	return errs
}
