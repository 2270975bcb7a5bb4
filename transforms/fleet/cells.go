package fleet

import (
	"fmt"
	"math/rand/v2"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"

	"argos"
)

// A shard's state is three cells: a base, a bag of deltas since, and a bag with the tag of the base and of each delta.
// The tracks themselves stay in the worker's memory, and the newest tag says whether they are those of the state: each
// write leaves a tag of its own, drawn at random, so a shard in memory that carries the state's newest one is what that
// write left, whoever has written or gone back to an older state in between. Anything else in memory is dropped, and
// the shard is read anew.
//
// A write is committed by the runner with its bundle or not at all. If it is not, the memory is ahead of the state and
// carries a tag that the state does not have.

// maxDeltas bounds how much there is to read when the memory does not match: a base is written after so many deltas, or
// when they would outgrow it.
const maxDeltas = 63

// tagOf draws the tag of the n-th delta since the base, which is n = 0. A bag has no order: the tag holds its place.
func tagOf(n int) int64 { return int64(rand.Uint64()>>9<<8) | int64(n) }

func place(tag int64) int { return int(tag & 0xff) }

// cached is a shard in memory and what the state of that shard holds.
type cached struct {
	*Shard
	tag    int64
	tags   int // in their bag
	deltas int // in theirs
	logged int // bytes of them
	based  bool
}

// open returns the shard that the state holds: that in memory if it is the same.
func (f *Fn) open(p state.Provider, memory *cached) (*cached, error) {
	tags, _, err := f.Tags.Read(p)
	if err != nil {
		return nil, fmt.Errorf("read the tags: %w", err)
	}
	if len(tags) == 0 {
		return &cached{Shard: NewShard(f.fold.Stamp)}, nil
	}
	newest := tags[0]
	for _, s := range tags {
		if place(s) > place(newest) {
			newest = s
		}
	}
	if memory != nil && memory.tag == newest && memory.head.Stamp == f.fold.Stamp {
		return memory, nil
	}
	if memory != nil && memory.tag == newest && memory.head.Term < f.fold.Term {
		// Other processes have owned the partition since: what the state holds is known to be of no use, and is not
		// read.
		return &cached{Shard: NewShard(f.fold.Stamp), tag: newest, tags: memory.tags, deltas: memory.deltas}, nil
	}
	cold.Inc()
	base, _, err := f.Base.Read(p)
	if err != nil {
		return nil, fmt.Errorf("read the base: %w", err)
	}
	var deltas [][]byte
	if len(tags) > 1 {
		if deltas, _, err = f.Deltas.Read(p); err != nil {
			return nil, fmt.Errorf("read the deltas: %w", err)
		}
	}
	if len(deltas) != len(tags)-1 || place(newest) != len(deltas) {
		return nil, fmt.Errorf("%w: a state of %d deltas and %d tags", argos.ErrEncoding, len(deltas), len(tags))
	}
	s, err := Unpack(base, deltas, f.fold.Stamp)
	if err != nil {
		return nil, err
	}
	c := &cached{Shard: s, tag: newest, tags: len(tags), deltas: len(deltas), based: !s.foreign}
	for _, d := range deltas {
		c.logged += len(d)
	}
	return c, nil
}

// save writes what the last part has changed.
func (f *Fn) save(p state.Provider, c *cached) error {
	if c.based && c.deltas < maxDeltas {
		f.out = c.Delta(f.out[:0])
		if c.logged+len(f.out) <= c.size {
			return f.saveDelta(p, c)
		}
	}
	return f.saveBase(p, c)
}

func (f *Fn) saveDelta(p state.Provider, c *cached) error {
	if err := f.Deltas.Add(p, f.out); err != nil {
		return fmt.Errorf("write a delta: %w", err)
	}
	c.deltas++
	c.logged += len(f.out)
	return f.saveTag(p, c)
}

func (f *Fn) saveBase(p state.Provider, c *cached) error {
	f.fold.Evict(c.Shard)
	f.out = c.Base(f.out[:0])
	if err := f.Base.Write(p, f.out); err != nil {
		return fmt.Errorf("write a base of %d bytes: %w", len(f.out), err)
	}
	baseBytes.Observe(float64(len(f.out)))
	if c.deltas > 0 {
		if err := f.Deltas.Clear(p); err != nil {
			return fmt.Errorf("clear the deltas: %w", err)
		}
	}
	if c.tags > 0 {
		if err := f.Tags.Clear(p); err != nil {
			return fmt.Errorf("clear the tags: %w", err)
		}
	}
	c.based, c.deltas, c.logged, c.tags = true, 0, 0, 0
	return f.saveTag(p, c)
}

func (f *Fn) saveTag(p state.Provider, c *cached) error {
	c.tag = tagOf(c.deltas)
	if err := f.Tags.Add(p, c.tag); err != nil {
		return fmt.Errorf("write a tag: %w", err)
	}
	c.tags++
	return nil
}
