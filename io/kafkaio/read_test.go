package kafkaio_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

func init() {
	register.DoFn3x1[int64, []byte, func(int64, []byte), error](&tapFn{})
	register.Emitter2[int64, []byte]()
}

func TestMain(m *testing.M) {
	beam.Init()
	*jobopts.Experiments = "prism_disable_sdf_split"
	code := m.Run()
	apache.End()
	os.Exit(code)
}

// run is a pipeline of the source, the tap and the low-water mark.
type run struct {
	*tap
	job   *kafkaio.Job
	store *marksStore
	uri   string
	ended chan error
}

var runs atomic.Int64

func start(t testing.TB, brokers cluster.Config, starts []int64, change func(*kafkaio.ReadConfig, *tap)) *run {
	t.Helper()
	name := fmt.Sprintf("%s-%d", t.Name(), runs.Add(1))
	r := &run{
		tap:   &tap{next: append([]int64(nil), starts...), terms: map[int32]map[int32]bool{}},
		ended: make(chan error, 1),
	}
	r.store, r.uri = newMarksStore()
	taps.Store(name, r.tap)
	cfg := kafkaio.ReadConfig{Job: name, Kafka: brokers, Topic: argos.Topic, Epoch: 7, Starts: starts}
	if change != nil {
		change(&cfg, r.tap)
	}
	r.job = kafkaio.NewJob(name, starts)
	p, s := beam.NewPipelineWithRoot()
	acks := beam.ParDo(s, &tapFn{Job: name}, kafkaio.Read(s, cfg))
	kafkaio.LowWater(
		s,
		kafkaio.LowWaterConfig{
			Job:    name,
			Store:  r.uri,
			Topic:  cfg.Topic,
			Epoch:  7,
			Kafka:  brokers,
			Group:  "argos",
			Starts: starts,
		},
		acks,
	)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, err := prism.Execute(ctx, p)
		r.ended <- err
	}()
	t.Cleanup(func() {
		r.job.Drain()
		_ = r.job.Close()
		cancel()
	})
	return r
}

// drain stops the run as a supervisor does, and looks for what it complained of.
func (r *run) drain(t testing.TB) {
	t.Helper()
	r.job.Drain()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Fatalf("the pipeline failed: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the pipeline does not end")
	}
	if err := r.job.Close(); err != nil {
		t.Fatal(err)
	}
	r.ok(t)
}

func (r *run) ok(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != "" {
		t.Fatal(r.wrong)
	}
}

func TestReadsEveryRecordOnceInOrder(t *testing.T) {
	brokers := newBroker(t, 2)
	fill(t, brokers, 0, 23_456)
	fill(t, brokers, 1, 11)
	r := start(t, brokers, []int64{0, 0}, nil)
	if err := r.job.WaitMarks(timed(t), []int64{23_456, 11}); err != nil {
		t.Fatal(err)
	}
	fill(t, brokers, 1, 3_000) // and what comes while it runs
	fill(t, brokers, 0, 1)
	if err := r.job.WaitMarks(timed(t), []int64{23_457, 3_011}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if n := r.records.Load(); n != 26_468 || r.jumps != 0 {
		t.Fatalf("%d records, %d offsets left out; want 26468 and none", n, r.jumps)
	}
	for p, want := range []int64{23_457, 3_011} {
		if m := r.store.mark(int32(p)); m != (argos.Mark{Topic: argos.Topic, Partition: int32(p), Epoch: 7, Offset: want, Time: 1_700_000_000_000 + want - 1}) {
			t.Errorf("stored mark %+v, want offset %d and the time of the record below", m, want)
		}
	}
	if r.store.open != 0 {
		t.Errorf("the store was opened %d times more than closed", r.store.open)
	}
}

func TestResumesWhereItIsTold(t *testing.T) {
	brokers := newBroker(t, 2)
	fill(t, brokers, 0, 7_500)
	fill(t, brokers, 1, 10)
	r := start(t, brokers, []int64{6_321, 10}, nil) // in mid-batch, and at the very end
	if err := r.job.WaitMarks(timed(t), []int64{7_500, 10}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if n := r.records.Load(); n != 7_500-6_321 {
		t.Fatalf("%d records, want %d", n, 7_500-6_321)
	}
}

func TestDrainEndsTheSource(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		start(t, newBroker(t, 8), make([]int64, 8), nil).drain(t)
	})
	t.Run("in a backlog", func(t *testing.T) {
		brokers := newBroker(t, 1)
		fill(t, brokers, 0, 50_000)
		r := start(
			t,
			brokers,
			[]int64{0},
			func(c *kafkaio.ReadConfig, _ *tap) { c.PollRecords, c.CalmRecords = 50, 50 },
		)
		within(t, "the first poll", func() bool { return r.records.Load() > 0 })
		r.drain(t)
		if m := r.job.Mark(0); m == 0 || m == 50_000 || m != r.store.mark(0).Offset || m != r.next[0] {
			t.Fatalf("mark %d, stored %d, handed out to %d", m, r.store.mark(0).Offset, r.next[0])
		}
	})
}

// TestSourceWaitsForConfirmation holds the acknowledgements back. That the source pauses is told from a partition
// beside it, of another job, that goes on for long.
func TestSourceWaitsForConfirmation(t *testing.T) {
	const total = 12_000
	for name, c := range map[string]struct {
		change  func(*kafkaio.ReadConfig)
		records int // that may be out at most
		bytes   int
	}{
		"credit in records": {func(c *kafkaio.ReadConfig) { c.PollRecords, c.CalmRecords, c.CreditRecords = 300, 1, 1_000 }, 1_300, 1 << 20},
		"credit in bytes":   {func(c *kafkaio.ReadConfig) { c.PollRecords, c.CalmRecords, c.CreditBytes = 100, 1, 10_000 }, total, 10_000 + 100*40},
		"calm":              {func(c *kafkaio.ReadConfig) { c.CalmRecords = total + 1 }, 10_000, 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			brokers := newBroker(t, 2)
			fill(t, brokers, 0, total)
			held := start(
				t,
				brokers,
				[]int64{0, 0},
				func(cfg *kafkaio.ReadConfig, tp *tap) { c.change(cfg); tp.hold = true },
			)
			within(t, "the first poll", func() bool { return held.records.Load() > 0 })
			beside := start(
				t,
				brokers,
				[]int64{0, 0},
				func(cfg *kafkaio.ReadConfig, _ *tap) { cfg.PollRecords, cfg.CalmRecords = 100, 100 },
			)
			if err := beside.job.WaitMarks(timed(t), []int64{total, 0}); err != nil {
				t.Fatal(err)
			}
			records, bytes := held.job.Unconfirmed(0)
			if int64(records) != held.records.Load() || records > c.records || bytes > c.bytes {
				t.Fatalf(
					"%d records, %d bytes are out (%d seen); at most %d and %d may be",
					records,
					bytes,
					held.records.Load(),
					c.records,
					c.bytes,
				)
			}
			held.drain(t)
			beside.drain(t)
		})
	}
}

// BenchmarkSource drains a backlog through the source and the low-water mark on Prism, with a check of every record
// between them. The broker runs in the same process.
func BenchmarkSource(b *testing.B) {
	const records = 400_000
	brokers := newBroker(b, 4)
	for p := range 4 {
		fill(b, brokers, p, records/4)
	}
	for b.Loop() {
		r := start(b, brokers, make([]int64, 4), nil)
		if err := r.job.WaitMarks(timed(b), []int64{records / 4, records / 4, records / 4, records / 4}); err != nil {
			b.Fatal(err)
		}
		r.drain(b)
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
