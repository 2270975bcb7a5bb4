package kafkaio_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/rig/rigtest"
)

// apache is a real broker, which the tests that ask for it share.
var apache rigtest.Kafka

// apacheTopic is a topic of the test's own on the real broker.
func apacheTopic(t *testing.T, partitions int) (brokers cluster.Config, topic string) {
	t.Helper()
	apache.Start(t)
	return cluster.Plain(apache.Addr), apache.Topic(t, partitions)
}

// of reads a topic instead of argos.Topic.
func of(topic string) func(*kafkaio.ReadConfig, *tap) {
	return func(c *kafkaio.ReadConfig, _ *tap) { c.Topic = topic }
}

// writer produces to a topic with another library than ours.
func writer(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	w, err := kgo.NewClient(append(opts, kgo.SeedBrokers(apache.Addr), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// numbered are count records of partition 0, each of which names its place.
func numbered(topic string, first int64, count int) (all []*kgo.Record) {
	for o := first; o < first+int64(count); o++ {
		all = append(all, &kgo.Record{Topic: topic, Key: []byte("T"), Value: []byte(value(0, o)), Timestamp: time.UnixMilli(1_700_000_000_000 + o)})
	}
	return all
}

func write(t *testing.T, w *kgo.Client, all []*kgo.Record) {
	t.Helper()
	if err := w.ProduceSync(timed(t), all...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// Markers have offsets but are no records; they end transactions that were committed and such that were not. The last offset is
// one. The source reads what is not committed too: nobody writes this topic in transactions on purpose.
func TestApacheKafkaTransactionMarkersAreSteppedOver(t *testing.T) {
	brokers, topic := apacheTopic(t, 1)
	tx := writer(t, kgo.TransactionalID(topic))
	ctx := timed(t)
	first := int64(0)
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} { // offsets 0 1 (2), 3 4 (5), 6 7 (8)
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		write(t, tx, numbered(topic, first, 2))
		if err := tx.EndTransaction(ctx, end); err != nil {
			t.Fatal(err)
		}
		first += 3
	}
	within(t, "the last marker is written", func() bool {
		r, err := kafkaio.Offsets(ctx, brokers, topic)
		return err == nil && r[0].Last == 9
	})
	var got []int64
	if err := kafkaio.Scan(ctx, brokers, topic, 0, 0, 9, func(r argos.LogRecord) error {
		got = append(got, r.Offset)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []int64{0, 1, 3, 4, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("offsets %v, want %v", got, want)
	}
	for _, from := range []int64{0, 8} { // after 8 nothing but a marker is left
		r := start(t, brokers, []int64{from}, of(topic))
		if err := r.job.WaitMarks(ctx, []int64{9}); err != nil {
			t.Fatal(err)
		}
		r.drain(t)
	}
}

func TestApacheKafkaGapLeftByRetentionIsReported(t *testing.T) {
	for name, first := range map[string]int64{"some": 400, "all": 1_000} {
		t.Run(name, func(t *testing.T) {
			brokers, topic := apacheTopic(t, 1)
			w := writer(t)
			write(t, w, numbered(topic, 0, 1_000))
			deleteRecords(t, w, topic, first)
			before := metric(t, "argos_source_gap_records_total", 0)
			r := start(t, brokers, []int64{100}, of(topic))
			if err := r.job.WaitMarks(timed(t), []int64{1_000}); err != nil {
				t.Fatal(err)
			}
			write(t, w, numbered(topic, 1_000, 5))
			if err := r.job.WaitMarks(timed(t), []int64{1_005}); err != nil {
				t.Fatal(err)
			}
			r.drain(t)
			gap := first - 100
			if got := metric(t, "argos_source_gap_records_total", 0) - before; got != float64(gap) || r.jumps != gap {
				t.Errorf("gap of %v reported, polls jumped over %d, want %d", got, r.jumps, gap)
			}
			if n := r.records.Load(); n != 1_005-first {
				t.Errorf("%d records, want %d", n, 1_005-first)
			}
		})
	}
}

// deleteRecords takes a partition's records below an offset, as retention does.
func deleteRecords(t *testing.T, w *kgo.Client, topic string, below int64) {
	t.Helper()
	part, whole, req := kmsg.NewDeleteRecordsRequestTopicPartition(), kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewPtrDeleteRecordsRequest()
	part.Offset, whole.Topic = below, topic
	whole.Partitions = append(whole.Partitions, part)
	req.Topics, req.TimeoutMillis = append(req.Topics, whole), 10_000
	res, err := req.RequestWith(timed(t), w)
	if err != nil {
		t.Fatal(err)
	}
	if p := res.Topics[0].Partitions[0]; p.ErrorCode != 0 || p.LowWatermark != below {
		t.Fatalf("%+v", p)
	}
}

// A broker that is killed and comes back has no leader and no coordinator for a while, and says so inside answers that succeed.
// The source goes on where it was; the group hears of the marks; the ends of the log are never -1.
func TestApacheKafkaKilledAndBack(t *testing.T) {
	brokers, topic := apacheTopic(t, 1)
	w := writer(t)
	write(t, w, numbered(topic, 0, 3_000))
	r := start(t, brokers, []int64{0}, of(topic))
	if err := r.job.WaitMarks(timed(t), []int64{3_000}); err != nil {
		t.Fatal(err)
	}
	within(t, "the group has the mark", func() bool { return committed(brokers, topic) == 3_000 })
	before := metric(t, "argos_source_fetch_errors_total", 0)
	apache.Kill()
	within(t, "a failed fetch", func() bool { return metric(t, "argos_source_fetch_errors_total", 0) > before })
	apache.Start(t)
	ranges, err := kafkaio.Offsets(timed(t), brokers, topic)
	if err != nil || !slices.Equal(ranges, []cluster.Range{{First: 0, Last: 3_000}}) {
		t.Errorf("%v, %v", ranges, err)
	}
	write(t, w, numbered(topic, 3_000, 2_000))
	if err := r.job.WaitMarks(timed(t), []int64{5_000}); err != nil {
		t.Fatal(err)
	}
	within(t, "the group has the new mark", func() bool { return committed(brokers, topic) == 5_000 })
	r.drain(t)
	if n := r.records.Load(); n != 5_000 {
		t.Errorf("%d records, want 5000", n)
	}
}

func TestApacheKafkaStartAboveTheLogFailsTheJob(t *testing.T) {
	brokers, topic := apacheTopic(t, 1)
	write(t, writer(t), numbered(topic, 0, 10))
	r := start(t, brokers, []int64{5_000}, of(topic))
	select {
	case err := <-r.ended:
		if err == nil || !strings.Contains(err.Error(), "ends at offset 10, below 5000: the topic was remade") {
			t.Fatalf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the pipeline goes on")
	}
}
