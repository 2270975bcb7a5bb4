package fleet

import (
	"errors"
	"fmt"
	"sync"
)

// ErrTwice says that the runner has processed one shard twice at once, or lost a write of its state. Prism does both when it
// splits a stateful bundle that stalls, which prism_disable_sdf_split forbids it.
var ErrTwice = errors.New("the runner broke a shard's state")

// shards holds, for each job and shard of this process, whether it is being processed and the write counter that it was left
// with. It is global because a runner makes as many instances of a DoFn as it likes, and they share nothing else.
var shards struct {
	sync.Mutex
	of map[string]map[int64]*visit
}

type visit struct {
	busy   bool
	writes uint64
}

// enter begins the processing of a shard whose blob has been written so often.
func enter(job string, shard int64) (*visit, error) {
	shards.Lock()
	defer shards.Unlock()
	if shards.of == nil {
		shards.of = map[string]map[int64]*visit{}
	}
	if shards.of[job] == nil {
		shards.of[job] = map[int64]*visit{}
	}
	v := shards.of[job][shard]
	if v == nil {
		v = &visit{}
		shards.of[job][shard] = v
	}
	if v.busy {
		return nil, fmt.Errorf("%w: shard %d runs twice at once", ErrTwice, shard)
	}
	v.busy = true
	return v, nil
}

// check compares the blob's write counter with the one that the shard was left with.
func (v *visit) check(shard int64, writes uint64) error {
	if writes != v.writes {
		return fmt.Errorf("%w: shard %d was written %d times and its state says %d", ErrTwice, shard, v.writes, writes)
	}
	return nil
}

// leave ends the processing of a shard; the lock makes writes visible to the next.
func (v *visit) leave(writes uint64) {
	shards.Lock()
	defer shards.Unlock()
	v.busy, v.writes = false, writes
}

// Forget drops what the process remembers of a job that has ended.
func Forget(job string) {
	shards.Lock()
	defer shards.Unlock()
	delete(shards.of, job)
}
