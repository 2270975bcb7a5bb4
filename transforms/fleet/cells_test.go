package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"

	"argos"
)

// cells is a key's state as a runner keeps it: what is written is there at once for whoever goes on with the bundle,
// and stays if the bundle does. The bags have no order.
type cells struct {
	state.Provider // any other kind of state panics
	values         map[string]any
	bags           map[string][]any
	fail           int // the write after so many fails; -1: none
}

func newCells() *cells {
	return &cells{values: map[string]any{}, bags: map[string][]any{}, fail: -1}
}

func (c *cells) clone() *cells {
	d := &cells{values: maps.Clone(c.values), bags: map[string][]any{}, fail: -1}
	for k, b := range c.bags {
		d.bags[k] = slices.Clone(b)
	}
	return d
}

var errOut = errors.New("the state is out of reach, as the test wants it")

func (c *cells) written() error {
	if c.fail == 0 {
		return errOut
	}
	c.fail--
	return nil
}

// keep copies what Beam would encode.
func keep(v any) any {
	if b, ok := v.([]byte); ok {
		return bytes.Clone(b)
	}
	return v
}

func (c *cells) ReadValueState(id string) (any, []state.Transaction, error) {
	return keep(c.values[id]), nil, nil
}

func (c *cells) WriteValueState(t state.Transaction) error {
	c.values[t.Key] = keep(t.Val)
	return c.written()
}

func (c *cells) ReadBagState(id string) (all []any, _ []state.Transaction, _ error) {
	for _, v := range slices.Backward(c.bags[id]) {
		all = append(all, keep(v))
	}
	return all, nil, nil
}

func (c *cells) WriteBagState(t state.Transaction) error {
	c.bags[t.Key] = append(c.bags[t.Key], keep(t.Val))
	return c.written()
}

func (c *cells) ClearBagState(t state.Transaction) error {
	delete(c.bags, t.Key)
	return c.written()
}

// remembered are the tracks that a worker has in memory.
func remembered(f *Fn) *cached {
	if v := memory.of[f.Config.Job][0]; v != nil {
		return v.tracks
	}
	return nil
}

// A shard in memory is of a number of shards and partitions, like the state that it was read from.
func TestMemoryWithAnotherStampIsNotUsed(t *testing.T) {
	defer Forget(t.Name())
	state, store := newCells(), stored{}
	worker := func(shards int32) *Fn {
		f := NewFn(Config{Job: t.Name(), Rewinds: true})
		f.fold = &Fold{Stamp: Stamp{Shards: shards, Partitions: 1}, Lookup: store.lookup}
		return f
	}
	var docs argos.Documents
	fold := func(f *Fn, from int64, trucks ...string) {
		t.Helper()
		err := f.ProcessElement(t.Context(), state, 0, part(0, from, begin, trucks...), func(_ int64, b []byte) {
			if err := docs.Decode(b); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		store.keep(&docs)
	}
	fold(worker(1), 0, "a")
	elsewhere := newFold(store)
	store.keep(inNewShard(t, elsewhere, part(0, 1, begin, "a"))) // with two shards a is another's
	fold(worker(2), 2, "b")
	fold(worker(1), 3, "a")
	if a := store["a"]; a.Rev != 3 {
		t.Errorf("a has rev %d, want 3", a.Rev)
	}
}

func inNewShard(t *testing.T, f *Fold, payload []byte) *argos.Documents {
	return fold(t, f, NewShard(f.Stamp), payload)
}

// A base follows when the deltas would outgrow it or are many, and the idle leave with it.
func TestBasesFollow(t *testing.T) {
	defer Forget(t.Name())
	state, store := newCells(), stored{}
	f := NewFn(Config{Job: t.Name()})
	f.fold = &Fold{Lookup: store.lookup}
	give := func(from, recv int64, trucks ...string) {
		t.Helper()
		if err := f.ProcessElement(t.Context(), state, 0, part(0, from, recv, trucks...), func(int64, []byte) {}); err != nil {
			t.Fatal(err)
		}
		if d, s := len(state.bags["deltas"]), len(state.bags["tags"]); d > maxDeltas || s != d+1 {
			t.Fatalf("%d deltas and %d tags", d, s)
		}
	}
	var fleet []string
	for i := range 500 {
		fleet = append(fleet, fmt.Sprintf("T-%d", i))
	}
	give(0, begin, fleet...)
	base, deltas := state.values["base"].([]byte), 0
	for o := range int64(maxDeltas) {
		give(500+2*o, begin+2*time.Hour.Milliseconds(), "T-1", "T-2")
		deltas = max(deltas, len(state.bags["deltas"]))
	}
	if deltas != maxDeltas || !bytes.Equal(base, state.values["base"].([]byte)) {
		t.Fatalf("at most %d deltas", deltas)
	}
	give(5000, begin+2*time.Hour.Milliseconds(), "T-1", "T-2")
	s, err := Unpack(state.values["base"].([]byte), nil, f.fold.Stamp)
	if err != nil || len(s.trucks) != 2 || len(state.bags["deltas"]) != 0 {
		t.Errorf("then %d trucks and %d deltas: %v", len(s.trucks), len(state.bags["deltas"]), err)
	}
	for o := range int64(10) { // two trucks of two: the deltas are as large as the base
		give(6000+2*o, begin+2*time.Hour.Milliseconds(), "T-1", "T-2")
		if n := len(state.bags["deltas"]); n > 1 {
			t.Errorf("%d deltas, each as large as the base", n)
		}
	}
}
