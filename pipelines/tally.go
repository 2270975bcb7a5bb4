package pipelines

import (
	"context"
	"sync"
	"sync/atomic"
)

// Tally counts what a job over drives has done, as far as it is done in this process. It may be read while the job runs.
type Tally struct {
	size, bytes, drives, done, rows, refused atomic.Int64

	mu      sync.Mutex // of what is written
	stopped bool
}

// Counts is a Tally at one time.
type Counts struct {
	Size, Bytes  int64 // of all files, and read so far
	Drives, Done int64
	Rows         int64
	Refused      int64 // rows that were no fix
}

// Counts returns the counts of now.
func (t *Tally) Counts() Counts {
	return Counts{t.size.Load(), t.bytes.Load(), t.drives.Load(), t.done.Load(), t.rows.Load(), t.refused.Load()}
}

// tallies holds the jobs over drives of this process by name: Beam's functions are plain data, so that a name is all that can
// lead them to what they share. Elsewhere they find none, and count for themselves alone.
var tallies sync.Map // string -> *tallied

type tallied struct {
	*Tally
	ctx context.Context
}

// follow makes the tally known as a job's, until the returned function is called: from then on the job's functions, of which
// some may linger after a stop, bring no file into being.
func (t *Tally) follow(ctx context.Context, job string) (end func()) {
	tallies.Store(job, &tallied{t, ctx})
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stopped = true
		tallies.Delete(job)
	}
}

// tallyOf is that of a job, or one of nobody.
func tallyOf(ctx context.Context, job string) *tallied {
	if t, ok := tallies.Load(job); ok {
		return t.(*tallied)
	}
	return &tallied{new(Tally), ctx}
}

// err says whether the job was stopped.
func (t *tallied) err() error { return t.ctx.Err() }
