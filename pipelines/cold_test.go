package pipelines

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
	"argos/io/storeio"
	"argos/runner/prism"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

func init() { register.DoFn2x0[[]byte, func(int64, []byte)](&roundsFn{}) }

// roundsFn gives parts of one shard, one after the other, each with a record of every truck and of one that is new.
type roundsFn struct{ Rounds, Trucks int }

func (f *roundsFn) ProcessElement(_ []byte, emit func(int64, []byte)) {
	offset := int64(0)
	for n := range f.Rounds {
		var w decode.Writer
		from := offset
		add := func(id string) {
			r := argos.Record{Fix: argos.NewFix(id, epoch+int64(n)*1000, 52+float64(n)*9e-5, 13), Recv: epoch}
			w.Add(w.Truck(id), offset, &r)
			offset++
		}
		for k := range f.Trucks {
			add(truckID(k))
		}
		add(fmt.Sprintf("new-%d", n))
		emit(0, w.Append(nil, argos.Part{From: from, To: offset, Of: 1}))
	}
}

// The state of a shard on the real runner is what memory lacks: with all of it forgotten in the middle of each part, the next part goes
// on from base and deltas, over several of either.
func TestAForgottenShardGoesOnFromItsState(t *testing.T) {
	const rounds, trucks = 200, 5
	store, uri := newMemStore(t)
	asked := 0
	store.asked = func([]string) { // for the new truck, while the part is at work
		asked++
		fleet.Forget(t.Name())
	}
	p, s := beam.NewPipelineWithRoot()
	parts := beam.ParDo(s, &roundsFn{rounds, trucks}, beam.Impulse(s))
	docs := fleet.Track(s, fleet.Config{Job: t.Name(), StoreURI: uri, Shards: 1, Partitions: 1}, parts)
	acks := storeio.Write(s, storeio.Config{Job: t.Name(), StoreURI: uri}, docs)
	beam.ParDo0(s, &dropFn{}, beam.Reshuffle(s, acks))
	if err := prism.Run(within(t, time.Minute), t.Name(), p, prism.NoSplit); err != nil {
		t.Fatal(err)
	}
	if asked != rounds {
		t.Errorf("the store was asked %d times: each part has one new truck", asked)
	}
	for k := range trucks {
		if d := store.trucks[truckID(k)]; d.Rev != rounds || d.Fixes != rounds {
			t.Errorf("truck %s: rev %d with %d fixes, want %d", d.ID, d.Rev, d.Fixes, rounds)
		}
	}
	if len(store.trucks) != rounds+trucks {
		t.Errorf("%d documents", len(store.trucks))
	}
}
