package pipelines

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"argos"
)

// owned is how many partitions each worker reads.
func owned(workers ...*Live) (counts []int) {
	for _, l := range workers {
		l.assignment.mu.Lock()
		counts = append(counts, len(l.assignment.owned))
		l.assignment.mu.Unlock()
	}
	return counts
}

// shared waits until the workers read all partitions, each about as many.
func (p *topic) shared(workers ...*Live) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d workers share %d partitions", len(workers), p.partitions), func() bool {
		sum := 0
		for _, n := range owned(workers...) {
			if n < p.partitions/len(workers) {
				return false
			}
			sum += n
		}
		return sum == p.partitions
	})
}

// reached waits until the store's marks are the log's ends.
func (p *topic) reached(store *memStore) {
	p.t.Helper()
	ends := p.ends()
	eventually(p.t, "all is stored", func() bool {
		marks, err := store.Marks(p.t.Context(), argos.Topic)
		for _, m := range marks {
			if m.Offset < ends[m.Partition] {
				return false
			}
		}
		return err == nil && len(marks) == len(ends)
	})
}

// hasAll fails unless each of so many trucks has folded so many records.
func hasAll(t *testing.T, store *memStore, trucks int, records int64) {
	t.Helper()
	store.mu.Lock()
	defer store.mu.Unlock()
	if len(store.trucks) != trucks {
		t.Errorf("%d trucks are stored, of %d", len(store.trucks), trucks)
	}
	for id, d := range store.trucks {
		if d.Rev != records {
			t.Errorf("truck %s has folded %d records, of %d", id, d.Rev, records)
		}
	}
}

// TestWorkersShare: workers that come and go divide the partitions, and none does another's work again.
func TestWorkersShare(t *testing.T) {
	p := newTopic(t, 8)
	store, uri := newMemStore(t)
	p.fill(8_000, 80)
	first := begun(t, p.config(uri))
	p.shared(first)
	second := begun(t, p.config(uri))
	p.fill(8_000, 80)
	third := begun(t, p.config(uri))
	p.shared(first, second, third)
	p.fill(8_000, 80)
	if err := first.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := first.Stop(within(t, 30*time.Second)); err != nil {
		t.Error(err)
	}
	p.fill(8_000, 80)
	p.shared(second, third)
	p.reached(store)
	hasAll(t, store, 80, 400)
	folded := int64(0)
	for _, l := range []*Live{first, second, third} {
		s := l.Stats()
		folded += s.Records
		if s.Refused > 0 {
			t.Errorf("%d documents were refused: two workers have done the same work", s.Refused)
		}
	}
	if folded != 32_000 {
		t.Errorf("the workers have folded %d records, of 32000", folded)
	}
}

// TestMoreWorkersThanPartitions: one that gets nothing is ready, and takes over when it is needed.
func TestMoreWorkersThanPartitions(t *testing.T) {
	p := newTopic(t, 1)
	store, uri := newMemStore(t)
	a := begun(t, p.config(uri))
	p.shared(a)
	b := begun(t, p.config(uri))
	eventually(t, "the second is ready", func() bool { return b.Ready(t.Context()) == nil })
	if n := owned(a, b); n[0]+n[1] != 1 {
		t.Errorf("two workers read %v partitions, of one", n)
	}
	if n := owned(a, b); n[1] == 1 {
		a, b = b, a
	}
	p.fill(1_000, 10)
	if err := a.Stop(within(t, 30*time.Second)); err != nil {
		t.Error(err)
	}
	p.fill(1_000, 10)
	p.reached(store)
	hasAll(t, store, 10, 200)
}

// TestExactWhoeverOwns: exactness does not rest on the group. Three workers are told, at random and in mid-load, that
// partitions are theirs, lost or asked back, so that some have two owners for a while, and some have none.
func TestExactWhoeverOwns(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it is to be repeatable
	p := newTopic(t, 4)
	store, uri := newMemStore(t)
	var workers []*Live
	for i := range 3 {
		cfg := p.config(uri)
		cfg.group = fmt.Sprint("group-", i) // a group each: all of them own everything at first
		workers = append(workers, begun(t, cfg))
	}
	eventually(t, "each worker reads all", func() bool { return slices.Equal(owned(workers...), []int{4, 4, 4}) })
	rounds := int64(0)
	fill := func() {
		p.fill(1_000, 20)
		rounds++
	}
	eventually(t, "the guard refuses what another owner has stored", func() bool {
		fill()
		p.reached(store)
		refused := int64(0)
		for _, l := range workers {
			refused += l.Stats().Refused
		}
		return refused > 0
	})
	for range 40 {
		fill()
		a := workers[rng.IntN(len(workers))].assignment
		some := rng.Perm(p.partitions)[:1+rng.IntN(p.partitions)]
		switch rng.IntN(4) {
		case 0:
			a.Lost(some)
		case 1:
			a.Revoked(t.Context(), some)
		default:
			a.Assigned(some)
		}
	}
	workers[0].assignment.Assigned([]int{0, 1, 2, 3})
	p.reached(store)
	hasAll(t, store, 20, rounds*50)
	for _, l := range workers {
		if s := l.Stats(); s.Diverged > 0 {
			t.Errorf("%d documents differed from the log", s.Diverged)
		}
	}
}

// records is how many records the documents of a store have folded.
func records(store *memStore) (n int64) {
	store.mu.Lock()
	defer store.mu.Unlock()
	for _, d := range store.trucks {
		n += d.Rev
	}
	return n
}

// TestWorkersOfAnotherStore share nothing with those of the first: each store gets all of the topic.
func TestWorkersOfAnotherStore(t *testing.T) {
	p := newTopic(t, 4)
	one, uri := newMemStore(t)
	two := &memStore{trucks: map[string]argos.Truck{}, marks: map[string]map[int32]argos.Mark{}}
	stores.Store(uri+"-two", two)
	t.Cleanup(func() { stores.Delete(uri + "-two") })
	a, b := begun(t, p.config(uri)), begun(t, p.config(uri+"-two"))
	p.shared(a)
	p.shared(b)
	p.fill(400, 40)
	p.reached(one)
	p.reached(two)
	if records(one) != 400 || records(two) != 400 {
		t.Errorf("the stores have %d and %d records, of 400", records(one), records(two))
	}
}

// TestNewEpochBeside: a worker that runs while another begins a new epoch goes on in that one.
func TestNewEpochBeside(t *testing.T) {
	p := newTopic(t, 4)
	store, uri := newMemStore(t)
	a := begun(t, p.config(uri))
	p.shared(a)
	p.fill(400, 40)
	p.reached(store)
	cfg := p.config(uri)
	cfg.NewEpoch = true
	b := begun(t, cfg)
	p.shared(a, b)
	p.fill(400, 40)
	p.reached(store)
	marks, err := store.Marks(t.Context(), argos.Topic)
	for _, m := range marks {
		if m.Epoch != 1 {
			t.Errorf("partition %d is in epoch %d", m.Partition, m.Epoch)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
