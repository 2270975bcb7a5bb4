package kafkaio_test

import (
	"errors"
	"testing"

	"argos"
	"argos/io/kafkaio"
)

// TestPartitionGoesToAndFro: a partition is another owner's for a while. What each owner reads joins without a hole,
// the mark of the store is where the other begins, and each ownership is a term of its own.
func TestPartitionGoesToAndFro(t *testing.T) {
	brokers := newBroker(t, 2)
	fill(t, brokers, 0, 4_000)
	fill(t, brokers, 1, 4_000)
	r := start(
		t,
		brokers,
		[]int64{0, 0},
		func(c *kafkaio.ReadConfig, _ *tap) { c.PollRecords, c.CalmRecords = 100, 100 },
	)
	within(t, "the first polls", func() bool { return r.records.Load() > 500 })
	if err := r.job.Release(timed(t), 0); err != nil {
		t.Fatal(err)
	}
	let, kept := r.store.mark(0).Offset, r.job.Mark(1)
	if mark := r.job.Mark(0); mark != let {
		t.Fatalf("let go at %d, and the store says %d", mark, let)
	}
	fill(t, brokers, 1, 1)
	if err := r.job.WaitMarks(timed(t), []int64{0, 4_001}); err != nil {
		t.Fatalf("the partition that stays stood still at %d: %v", kept, err)
	}
	if mark := r.job.Mark(0); mark != let {
		t.Fatalf("a partition that was let go at %d moved to %d", let, mark)
	}

	// The other owner stores 1,000 records, and lets go.
	r.mu.Lock()
	r.next[0] = let + 1_000
	r.mu.Unlock()
	after := argos.Mark{Topic: argos.Topic, Partition: 0, Epoch: 7, Offset: let + 1_000}
	if err := r.job.Own(after, 7); err != nil {
		t.Fatal(err)
	}
	if err := r.job.WaitMarks(timed(t), []int64{4_000, 4_001}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if n := r.records.Load(); n != 8_001-1_000 {
		t.Errorf("%d records were read, want %d", n, 8_001-1_000)
	}
	if terms := r.terms[0]; len(terms) != 2 || len(r.terms[1]) != 1 {
		t.Errorf("terms %v and %v, want two of the one that went and one of the other", terms, r.terms[1])
	}
}

// TestOwnRefuses marks that the job can't go on from.
func TestOwnRefuses(t *testing.T) {
	job := kafkaio.NewJob(t.Name(), []int64{10})
	defer job.Close() //nolint:errcheck // nothing to write
	job.Disown(0)
	for name, m := range map[string]argos.Mark{
		"another epoch":     {Epoch: 8, Offset: 10},
		"behind":            {Epoch: 7, Offset: 9},
		"no such partition": {Partition: 1, Epoch: 7, Offset: 10},
	} {
		if err := job.Own(m, 7); !errors.Is(err, kafkaio.ErrOvertaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := job.Own(argos.Mark{Epoch: 7, Offset: 10}, 7); err != nil {
		t.Error(err)
	}
}
