package fleet

import (
	"context"
	"fmt"
	"testing"

	"argos"
	"argos/transforms/decode"
)

// circus is a shard whose trucks report in turns, and a store that has all that was folded.
type circus struct {
	t      *testing.T
	fold   Fold
	shard  *Shard
	store  stored
	offset int64
	recv   int64
	asked  int
}

func newCircus(t *testing.T) *circus {
	c := &circus{t: t, store: stored{}, shard: NewShard(Stamp{Shards: 1, Partitions: 1}), recv: begin}
	c.fold = Fold{
		Stamp: c.shard.head.Stamp, Stored: func(int32) int64 { return c.offset },
		Lookup: func(ctx context.Context, ids []string) ([]argos.Truck, error) {
			c.asked += len(ids)
			return c.store.lookup(ctx, ids)
		},
	}
	return c
}

// part folds a record of each truck, and then has the shard shrink to size.
func (c *circus) part(size int, ids ...string) {
	c.t.Helper()
	var w decode.Writer
	from := c.offset
	for _, id := range ids {
		r := argos.Record{Fix: argos.NewFix(id, c.recv, 52, 13), Recv: c.recv}
		w.Add(w.Truck(id), c.offset, &r)
		c.offset++
		c.recv += 100
	}
	docs, err := c.fold.Part(c.t.Context(), c.shard, w.Append(nil, argos.Part{From: from, To: c.offset, Of: 1}))
	if err != nil {
		c.t.Fatal(err)
	}
	c.store.keep(docs)
	if c.shard.memory() > size {
		c.fold.Shrink(c.shard, size)
	}
	if got := c.shard.memory(); got > size {
		c.t.Fatalf("the shard takes %d bytes, of %d that it may", got, size)
	}
	for id, i := range c.shard.index {
		if c.shard.trucks[i].id != id {
			c.t.Fatalf("the index has %s where %s is", id, c.shard.trucks[i].id)
		}
	}
	if len(c.shard.index) != len(c.shard.trucks) {
		c.t.Fatalf("%d trucks and an index of %d", len(c.shard.trucks), len(c.shard.index))
	}
}

func (c *circus) has(id string) bool { _, has := c.shard.index[id]; return has }

func names(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%03d", prefix, i))
	}
	return ids
}

// Of trucks that take turns half are still there when their turn comes, in half of the memory that all would need.
func TestTurns(t *testing.T) {
	c := newCircus(t)
	trucks := names("T", 400)
	const plenty = 1 << 30
	for range 20 { // until a track is as large as it gets
		for i := 0; i < len(trucks); i += 20 {
			c.part(plenty, trucks[i:i+20]...)
		}
	}
	c.shard.pack()
	half := c.shard.memory() / 2
	c.asked = 0
	const rounds = 10
	for range rounds {
		for i := 0; i < len(trucks); i += 20 {
			c.part(half, trucks[i:i+20]...)
		}
	}
	if share := float64(c.asked) / float64(rounds*len(trucks)); share > .6 || share < .4 {
		t.Errorf("in half of the memory %.0f %% of the records want a lookup", 100*share)
	}
}

// A truck that reports often stays, however many others come and go; also one that comes when the memory is full.
func TestOftenStays(t *testing.T) {
	c := newCircus(t)
	seldom := names("seldom", 300)
	for i := range 12 * 300 { // until a track is as large as it gets
		c.part(1<<30, seldom[i%300])
	}
	c.shard.pack()
	size := c.shard.memory() / 3
	for i := range 3000 {
		c.part(size, "often", seldom[i%300])
	}
	c.asked = 0
	for i := range 300 {
		c.part(size, "often", seldom[i])
		if !c.has("often") {
			t.Fatal("the truck that reports with every part left")
		}
	}
	if c.asked > 300*8/10 {
		t.Errorf("%d of 300 seldom records wanted a lookup, with room for a third of their trucks", c.asked)
	}
}

// What is not known to be stored stays, whatever the bound.
func TestUnstoredStays(t *testing.T) {
	c := newCircus(t)
	stored := int64(0)
	c.fold.Stored = func(int32) int64 { return stored }
	c.part(1<<30, names("T", 10)...)
	stored = 4
	c.fold.Shrink(c.shard, 0)
	for i, id := range names("T", 10) {
		if c.has(id) != (i >= 4) {
			t.Errorf("%s, whose record at %d is stored: %v, is there: %v", id, i, i < 4, c.has(id))
		}
	}
}

func TestOwnLimit(t *testing.T) {
	if n := ownLimit(); n < leastMemory {
		t.Errorf("%d bytes by this machine", n)
	}
}
