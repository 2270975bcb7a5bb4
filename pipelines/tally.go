package pipelines

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"argos/io/traceio"
)

// Tally counts what a job over drives has done, as far as it is done in this process. It may be read while the job
// runs.
type Tally struct {
	size, bytes, drives, done, rows, refused atomic.Int64

	mu      sync.Mutex                  // of what follows
	files   map[string]*traceio.Summary // by the drive's name
	stopped bool
	parts   map[string]bool // files being written
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

// Files are what became of the files that are done, by the drives' names.
func (t *Tally) Files() []*traceio.Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(
		maps.Values(t.files),
		func(a, b *traceio.Summary) int { return cmp.Compare(a.Name, b.Name) },
	)
}

// file tells what became of a file. One that comes again takes the place of what was told of it.
func (t *Tally) file(s *traceio.Summary) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.files == nil {
		t.files = map[string]*traceio.Summary{}
	}
	t.files[s.Name] = s
	t.done.Store(int64(len(t.files)))
}

// tallies holds the jobs over drives of this process by name: Beam's functions are plain data, so that a name is all
// that can lead them to what they share. Elsewhere they find none, and count for themselves alone.
var tallies sync.Map // string -> *tallied

type tallied struct {
	*Tally
	ctx     context.Context
	nobodys bool // nobody reads it
}

// follow makes the tally known as a job's, until the returned function is called: from then on the job's functions, of
// which some may linger after a stop, bring no file into being, and what they were writing is gone.
func (t *Tally) follow(ctx context.Context, job string) (end func()) {
	tallies.Store(job, &tallied{Tally: t, ctx: ctx})
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stopped = true
		tallies.Delete(job)
		for name := range t.parts {
			// the process may end before its writer could; a writer that goes on removes it, too
			os.Remove(name) //nolint:errcheck // a part that is gone already is as good
		}
	}
}

var errEnded = errors.New("the job has ended")

// partial ends the name of a file that nobody takes for a result, which begins with a dot and its job.
const partial = ".part"

// discardParts removes what the workers of a job that has ended have left of it in a folder, if that can be seen from
// here.
func discardParts(dir, job string) {
	left, _ := os.ReadDir(dir) //nolint:errcheck // then there is nothing to see
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "."+job+".") && strings.HasSuffix(f.Name(), partial) {
			os.Remove(filepath.Join(dir, f.Name())) //nolint:errcheck // nobody takes it for a result
		}
	}
}

// create makes a file that nobody takes for a result.
func (t *Tally) create(dir, pattern string) (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return nil, errEnded
	}
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	if t.parts == nil {
		t.parts = map[string]bool{}
	}
	t.parts[f.Name()] = true
	return f, nil
}

// discard removes a created file.
func (t *Tally) discard(f *os.File) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.Close()
	os.Remove(f.Name()) //nolint:errcheck // why it was given up is the error to tell
	delete(t.parts, f.Name())
}

// settle gives a created file, written and closed, its name.
func (t *tallied) settle(f *os.File, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || t.err() != nil {
		return errors.Join(t.err(), errEnded)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	delete(t.parts, f.Name())
	return nil
}

// tallyOf is that of a job, or one of nobody.
func tallyOf(ctx context.Context, job string) *tallied {
	if t, ok := tallies.Load(job); ok {
		return t.(*tallied)
	}
	return &tallied{Tally: new(Tally), ctx: ctx, nobodys: true}
}

// err says whether the job was stopped.
func (t *tallied) err() error { return t.ctx.Err() }
