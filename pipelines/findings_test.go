package pipelines

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/storeio"
	"argos/runner/prism"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

// The tests of this file are of the runner: what the pipeline builds on, and what it was found to do wrong.

// recorder keeps what a pipeline logs.
type recorder struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(b)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

func (r *recorder) log() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// neverFailed fails the test if a job had to be started again, which hides whatever the runner did wrong.
func (r *recorder) neverFailed(t *testing.T) {
	t.Helper()
	if s := r.String(); strings.Contains(s, "level=ERROR") {
		t.Errorf("a job failed:\n%s", s)
	}
}

// slow makes a stall that each of the first n callers has.
func slow(n int64, d time.Duration) func() {
	var calls atomic.Int64
	return func() {
		if calls.Add(1) <= n {
			time.Sleep(d)
		}
	}
}

// A shard never runs twice at once, though the store stalls for a second both where the fleet asks it and where the
// sink writes. The fleet itself watches: a shard that is entered twice, or whose state has lost a write, fails the
// job.
func TestAShardNeverRunsTwiceAtOnce(t *testing.T) {
	p := newTopic(t, 2)
	p.fill(100_000, 100)
	store, uri := newMemStore(t)
	stall, hang := slow(4, time.Second), slow(4, time.Second)
	store.asked, store.before = func([]string) { stall() }, func([]argos.Truck) { hang() }
	logged := &recorder{}
	cfg := p.config(uri)
	cfg.Log = logged.log()
	p.stored(cfg)
	logged.neverFailed(t)
	for id, d := range store.trucks {
		if d.Rev != 1000 {
			t.Errorf("truck %s: rev %d", id, d.Rev)
		}
	}
}

// Prism runs a key twice at once when it splits a stateful bundle that stalls: the finding that prism.NoSplit
// answers, on the fleet itself. A dozen parts of one shard are in a bundle, and each takes a while.
func TestPrismSplitsAStalledShardUnlessForbidden(t *testing.T) {
	for _, c := range []struct {
		name        string
		experiments []string
		twice       bool
	}{{"forbidden", []string{prism.NoSplit}, false}, {"not forbidden", nil, true}} {
		t.Run(c.name, func(t *testing.T) {
			store, uri := newMemStore(t)
			store.asked = func([]string) { time.Sleep(300 * time.Millisecond) }
			defer fleet.Forget(t.Name())
			p, s := beam.NewPipelineWithRoot()
			parts := beam.ParDo(s, &dozenFn{}, beam.Impulse(s))
			docs := fleet.Track(s, fleet.Config{Job: t.Name(), StoreURI: uri, Shards: 1, Partitions: 1}, parts)
			acks := storeio.Write(s, storeio.Config{Job: t.Name(), StoreURI: uri}, docs)
			beam.ParDo0(s, &dropFn{}, beam.Reshuffle(s, acks))
			err := prism.Run(within(t, time.Minute), t.Name(), p, c.experiments...)
			if twice := err != nil && strings.Contains(err.Error(), fleet.ErrTwice.Error()); twice != c.twice || !twice && err != nil {
				t.Errorf("the job ended with %v", err)
			}
		})
	}
}

func init() {
	register.DoFn2x0[[]byte, func(int64, []byte)](&dozenFn{})
	register.DoFn2x0[int64, []byte](&dropFn{})
}

// dozenFn gives twelve parts of one shard, each with a truck of its own.
type dozenFn struct{}

func (*dozenFn) ProcessElement(_ []byte, emit func(int64, []byte)) {
	for o := range int64(12) {
		var w decode.Writer
		r := argos.Record{Fix: argos.NewFix(truckID(int(o)), epoch, 52, 13)}
		w.Add(w.Truck(r.TruckID), o, &r)
		emit(0, w.Append(nil, argos.Part{From: o, To: o + 1, Of: 1}))
	}
}

type dropFn struct{}

func (*dropFn) ProcessElement(int64, []byte) {}

// A partition's records reach the fleet in log order, though bundles overlap and take as long as they like. The
// fleet watches this, too: a part below what its shard has seen fails the job.
func TestAPartitionStaysInOrder(t *testing.T) {
	p := newTopic(t, 16)
	store, uri := newMemStore(t)
	var now, most atomic.Int64
	delay := func() {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
		now.Add(-1)
	}
	store.before = func([]argos.Truck) { delay() }
	logged := &recorder{}
	cfg := p.config(uri)
	cfg.Log, cfg.Shards = logged.log(), 64
	cfg.tune = func(r *kafkaio.ReadConfig) { r.PollRecords, r.CalmRecords, r.Pace = 7, 1, time.Millisecond }
	l := begun(t, cfg)
	const rounds, trucks = 150, 20
	var g errgroup.Group
	for partition := range p.partitions { // each at its own pace: what is pending together, Prism puts into one bundle
		g.Go(func() error {
			ids := make([]string, trucks)
			for k := range ids {
				ids[k] = truckIn(partition, p.partitions, k)
			}
			for n := 0; n < rounds; {
				var values [][]byte
				for m := min(n+1+rand.IntN(8), rounds); n < m; n++ {
					for _, id := range ids {
						values = append(values, valueOf(id, n))
					}
				}
				p.put(partition, values...)
				time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := l.WaitFor(within(t, 2*time.Minute), p.ends()); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	logged.neverFailed(t)
	for id, d := range store.trucks {
		if d.Rev != rounds { // what comes below a truck's pos is not folded
			t.Errorf("truck %s: rev %d, want %d", id, d.Rev, rounds)
		}
	}
	// Prism allows eight; it puts all that is pending into one bundle, so more than three have not been seen here.
	if most.Load() < 2 {
		t.Error("no two bundles ran at once, which proves little")
	}
}

// The low-water mark passes a poll only when all its parts are stored: the documents of every shard and the dead
// letters; also when a poll holds nothing but garbage.
func TestTheMarkPassesAPollWhenAllItsPartsAreIn(t *testing.T) {
	p := newTopic(t, 2)
	store, uri := newMemStore(t)
	held := truckIn(0, 2, 0)
	release := make(chan struct{})
	store.before = func(ts []argos.Truck) {
		for i := range ts {
			if ts[i].ID == held {
				<-release
			}
		}
	}
	cfg := p.config(uri)
	cfg.Shards = 8
	l := begun(t, cfg)
	// Partition 0: trucks of several shards, of which one cannot be stored, and garbage. Partition 1: nothing but
	// garbage.
	var values [][]byte
	for k := range 40 {
		values = append(values, valueOf(truckIn(0, 2, k), 0))
	}
	p.put(0, append(values, []byte("garbage"), nil)...)
	p.put(1, []byte("garbage"), []byte{}, nil)
	if err := l.WaitFor(within(t, time.Minute), []int64{0, 3}); err != nil {
		t.Fatal(err)
	}
	letters := func() (n int64) {
		log, err := kafkaio.Offsets(context.Background(), cluster.Plain(p.addr), argos.DeadLetterTopic)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range log {
			n += r.Last
		}
		return n
	}
	eventually(t, "the dead letters are written", func() bool { return letters() == 5 })
	eventually(t, "the sink writes", func() bool { return store.upserts.Load() > 0 })
	if m := l.Marks()[0]; m != 0 {
		t.Errorf("the mark is at %d and %s is not stored", m, held)
	}
	close(release)
	if err := l.WaitFor(within(t, time.Minute), p.ends()); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if len(store.trucks) != 40 {
		t.Errorf("%d documents, want 40", len(store.trucks))
	}
	if n := letters(); n != 5 {
		t.Errorf("%d dead letters, want 5", n)
	}
	marks, _ := store.Marks(context.Background(), argos.Topic)
	for _, m := range marks {
		if want := p.ends()[m.Partition]; m.Offset != want {
			t.Errorf("the store's mark of partition %d is %d, want %d", m.Partition, m.Offset, want)
		}
	}
}
