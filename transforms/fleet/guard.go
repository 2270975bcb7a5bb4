package fleet

import (
	"container/list"
	"errors"
	"fmt"
	"math"
	"sync"
)

// ErrTwice says that the runner has processed one shard twice at once, or lost a write of its state. Prism does both
// when it splits a stateful bundle that stalls, which prism_disable_sdf_split forbids it.
var ErrTwice = errors.New("the runner broke a shard's state")

// memory is what this process remembers of the shards of its jobs. It is global because a runner makes as many
// instances of a DoFn as it likes, and they share nothing else.
var memory = shards{limit: math.MaxInt, of: map[string]map[int64]*visit{}, stored: map[string]func(int32) int64{}}

// shards holds, for each job and shard, whether it is being processed, the write counter that it was left with, and its
// tracks; of these the ones used last, up to about limit bytes. A shard that takes more than its share is to shrink
// when it is visited (allowance); one that is dropped as a whole is read from the state again.
type shards struct {
	sync.Mutex
	limit, bytes int
	of           map[string]map[int64]*visit
	used         list.List // of *visit with tracks, the latest first
	stored       map[string]func(partition int32) int64
}

type visit struct {
	busy   bool
	writes uint64
	term   int32 // that writes are counted in
	tracks *cached
	bytes  int
	place  *list.Element // in used; nil without tracks
	gone   bool          // its job was forgotten meanwhile
}

// enter begins the processing of a shard.
func (m *shards) enter(job string, shard int64) (*visit, error) {
	m.Lock()
	defer m.Unlock()
	if m.of[job] == nil {
		m.of[job] = map[int64]*visit{}
	}
	v := m.of[job][shard]
	if v == nil {
		v = &visit{}
		m.of[job][shard] = v
	}
	if v.busy {
		return nil, fmt.Errorf("%w: shard %d runs twice at once", ErrTwice, shard)
	}
	v.busy = true
	return v, nil
}

// check compares the state's write counter with the one that the shard was left with.
func (v *visit) check(shard int64, writes uint64) error {
	if writes < v.writes {
		return fmt.Errorf("%w: shard %d was written %d times and its state says %d", ErrTwice, shard, v.writes, writes)
	}
	return nil
}

// allowance is how many bytes a shard may take that now wants bytes: all of them while there is room, else an even
// share of the limit. A little less than that, so that not each part has to shrink it anew.
func (m *shards) allowance(v *visit, bytes int) int {
	m.Lock()
	defer m.Unlock()
	shards := m.used.Len()
	if v.place == nil {
		shards++
	}
	if share := m.limit / shards; m.bytes-v.bytes+bytes > m.limit && bytes > share {
		return share - share/16
	}
	return bytes
}

// leave ends the processing of a shard and keeps its tracks: nil drops them. The lock makes all of it visible to the
// next.
func (m *shards) leave(v *visit, tracks *cached) {
	m.Lock()
	defer m.Unlock()
	v.busy = false
	m.drop(v)
	if tracks == nil || v.gone {
		return
	}
	v.writes, v.term, v.tracks, v.bytes = tracks.Writes(), tracks.head.Term, tracks, tracks.memory()
	v.place = m.used.PushFront(v)
	m.bytes += v.bytes
	tracks.tight = tracks.tight && m.bytes > m.limit/2
	// Others may be above their share until they are visited next.
	for e := m.used.Back(); e != nil && m.bytes-m.limit > m.limit/8; {
		old := e.Value.(*visit)
		e = e.Prev()
		if !old.busy {
			m.drop(old)
		}
	}
	memoryBytes.Set(float64(m.bytes))
}

func (m *shards) drop(v *visit) {
	if v.place == nil {
		return
	}
	m.used.Remove(v.place)
	m.bytes -= v.bytes
	v.tracks, v.bytes, v.place = nil, 0, nil
}

// Follow tells the fleet of a job, until it is forgotten, where to ask how far a partition is stored: an offset below
// which every record that the job has folded is in the store.
func Follow(job string, stored func(partition int32) int64) {
	memory.Lock()
	defer memory.Unlock()
	memory.stored[job] = stored
}

func (m *shards) storedOf(job string) func(partition int32) int64 {
	m.Lock()
	defer m.Unlock()
	return m.stored[job]
}

// bound sets the limit; 0 is that of the machine.
func (m *shards) bound(bytes int64) {
	limit := int(bytes)
	if bytes == 0 {
		limit = ownLimit()
	}
	m.Lock()
	defer m.Unlock()
	m.limit = limit
	memoryLimit.Set(float64(limit))
}

// Forget drops what the process remembers of a job that has ended.
func Forget(job string) {
	memory.Lock()
	defer memory.Unlock()
	for _, v := range memory.of[job] {
		if v.gone = v.busy; !v.busy { // whoever is at work on it still drops it
			memory.drop(v)
		}
	}
	delete(memory.of, job)
	delete(memory.stored, job)
	memoryBytes.Set(float64(memory.bytes))
}
