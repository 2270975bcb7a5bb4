package kafkaio_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

func TestBrokerGoesAndComesBack(t *testing.T) {
	dir := t.TempDir()
	b := startBroker(t, dir, "", 1)
	brokers := cluster.Plain(b.Addr())
	fill(t, brokers, 0, 3_000)
	r := start(t, brokers, []int64{0}, nil)
	if err := r.job.WaitMarks(timed(t), []int64{3_000}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	before := metric(t, "argos_source_fetch_errors_total", 0)
	within(t, "a failed fetch", func() bool { return metric(t, "argos_source_fetch_errors_total", 0) > before })
	startBroker(t, dir, brokers.Brokers[0], 1)
	fill(t, brokers, 0, 2_000)
	if err := r.job.WaitMarks(timed(t), []int64{5_000}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if n := r.records.Load(); n != 5_000 {
		t.Fatalf("%d records, want 5000", n)
	}
}

// newCluster is a broker whose log can be cut and whose answers can be falsified.
func newCluster(t testing.TB, partitions int32) (*kfake.Cluster, cluster.Config) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, argos.Topic), kfake.SeedTopics(1, argos.DeadLetterTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, cluster.Plain(c.ListenAddrs()...)
}

func TestGapLeftByRetentionIsReported(t *testing.T) {
	for name, first := range map[string]int64{"some": 400, "all": 1_000} {
		t.Run(name, func(t *testing.T) {
			cluster, brokers := newCluster(t, 1)
			fill(t, brokers, 0, 1_000)
			if err := cluster.DeleteRecords(argos.Topic, 0, first); err != nil {
				t.Fatal(err)
			}
			before := metric(t, "argos_source_gap_records_total", 0)
			r := start(t, brokers, []int64{100}, nil)
			if err := r.job.WaitMarks(timed(t), []int64{1_000}); err != nil {
				t.Fatal(err)
			}
			fill(t, brokers, 0, 5)
			if err := r.job.WaitMarks(timed(t), []int64{1_005}); err != nil {
				t.Fatal(err)
			}
			r.drain(t)
			gap := first - 100
			if got := metric(t, "argos_source_gap_records_total", 0) - before; got != float64(gap) || r.jumps != gap {
				t.Fatalf("gap of %v reported, polls jumped over %d, want %d", got, r.jumps, gap)
			}
			if n := r.records.Load(); n != 1_005-first {
				t.Fatalf("%d records, want %d", n, 1_005-first)
			}
		})
	}
}

func TestStartAboveTheLogFailsTheJob(t *testing.T) {
	brokers := newBroker(t, 1)
	fill(t, brokers, 0, 10)
	r := start(t, brokers, []int64{5_000}, nil)
	select {
	case err := <-r.ended:
		if err == nil || !strings.Contains(err.Error(), "ends at offset 10, below 5000: the topic was remade") {
			t.Fatalf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the pipeline goes on")
	}
}

// TestTransactionMarkersAreSteppedOver reads a log that another producer writes in transactions, whose markers have
// offsets but are no records. The last offset is one.
func TestTransactionMarkersAreSteppedOver(t *testing.T) {
	_, brokers := newCluster(t, 1)
	tx, err := kgo.NewClient(kgo.SeedBrokers(brokers.Brokers...), kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Close()
	ctx := timed(t)
	for range 3 { // offsets 0 1 (2), 3 4 (5), 6 7 (8)
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := tx.ProduceSync(ctx, &kgo.Record{Topic: argos.Topic, Value: []byte("x")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.EndTransaction(ctx, kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	if err := kafkaio.Scan(ctx, brokers, argos.Topic, 0, 0, 9, func(r argos.LogRecord) error {
		got = append(got, r.Offset)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []int64{0, 1, 3, 4, 6, 7}; !slices.Equal(got, want) {
		t.Fatalf("offsets %v, want %v", got, want)
	}
	r := start(t, brokers, []int64{8}, nil) // nothing but a marker is left
	if err := r.job.WaitMarks(ctx, []int64{9}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
}

func TestStoreGoesAndComesBack(t *testing.T) {
	brokers := newBroker(t, 1)
	fill(t, brokers, 0, 100)
	r := start(t, brokers, []int64{0}, func(*kafkaio.ReadConfig, *tap) {})
	r.store.setFail(true)
	fill(t, brokers, 0, 100)
	before := metric(t, "argos_mark_write_errors_total", -1)
	within(t, "a failed write", func() bool { return metric(t, "argos_mark_write_errors_total", -1) > before })
	if err := r.job.WaitMarks(timed(t), []int64{200}); err != nil {
		t.Fatal(err) // the source must not wait for the marks to be written
	}
	r.store.setFail(false)
	within(t, "the mark in the store", func() bool { return r.store.mark(0).Offset == 200 })
	r.store.setFail(true)
	fill(t, brokers, 0, 100)
	if err := r.job.WaitMarks(timed(t), []int64{300}); err != nil {
		t.Fatal(err)
	}
	r.job.Drain()
	<-r.ended
	if err := r.job.Close(); err == nil || !strings.Contains(err.Error(), "the store is away") {
		t.Fatalf("closing with unwritten marks gave %v", err)
	}
}

func TestMarksAreCommittedToTheGroup(t *testing.T) {
	brokers := newBroker(t, 2)
	fill(t, brokers, 0, 321)
	r := start(t, brokers, []int64{0, 0}, nil)
	if err := r.job.WaitMarks(timed(t), []int64{321, 0}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if o := committed(brokers, argos.Topic); o != 321 {
		t.Fatalf("the group has offset %d, want 321", o)
	}
}

// A coordinator that loads its group says so inside an answer that succeeds. What it did not take is told again.
func TestGroupHearsOfTheMarksOnceItsCoordinatorHasLoaded(t *testing.T) {
	c, brokers := newCluster(t, 1)
	fill(t, brokers, 0, 10)
	var loading atomic.Int32
	c.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if loading.Add(1) > 2 {
			return nil, nil, false
		}
		res := r.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, topic := range r.(*kmsg.OffsetCommitRequest).Topics {
			answer := kmsg.NewOffsetCommitResponseTopic()
			answer.Topic = topic.Topic
			for _, p := range topic.Partitions {
				loads := kmsg.NewOffsetCommitResponseTopicPartition()
				loads.Partition, loads.ErrorCode = p.Partition, int16(kafka.GroupLoadInProgress)
				answer.Partitions = append(answer.Partitions, loads)
			}
			res.Topics = append(res.Topics, answer)
		}
		return res, nil, true
	})
	before := metric(t, "argos_group_commit_errors_total", -1)
	r := start(t, brokers, []int64{0}, nil)
	within(t, "the group has the mark", func() bool { return committed(brokers, argos.Topic) == 10 })
	r.drain(t)
	if n := metric(t, "argos_group_commit_errors_total", -1) - before; n != 2 {
		t.Errorf("%v failures counted, want 2", n)
	}
}

// committed is what the group has of partition 0, or -1.
func committed(brokers cluster.Config, topic string) int64 {
	tr := &kafka.Transport{}
	defer tr.CloseIdleConnections()
	c := &kafka.Client{Addr: kafka.TCP(brokers.Brokers...), Timeout: 10 * time.Second, Transport: tr}
	res, err := c.OffsetFetch(context.Background(), &kafka.OffsetFetchRequest{GroupID: "argos", Topics: map[string][]int{topic: {0}}})
	if err != nil || res.Error != nil || len(res.Topics[topic]) != 1 || res.Topics[topic][0].Error != nil {
		return -1
	}
	return res.Topics[topic][0].CommittedOffset
}
