package kafkaio_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
)

// within waits until a condition holds, for at most 30 s.
func within(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// timed is a context that ends a hanging test.
func timed(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// startBroker starts a real broker over TCP with a topic of n partitions.
func startBroker(t testing.TB, dir, listen string, n int) *kfakeio.Broker {
	t.Helper()
	b, err := kfakeio.Start(kfakeio.Config{Dir: dir, Listen: listen, Partitions: n, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func newBroker(t testing.TB, n int) (brokers cluster.Config) {
	t.Helper()
	return cluster.Plain(startBroker(t, t.TempDir(), "", n).Addr())
}

func value(partition int, offset int64) string { return fmt.Sprintf("p%d-%d", partition, offset) }

// fill appends count records to a partition of argos.Topic, in batches. Each value names its place.
func fill(t testing.TB, brokers cluster.Config, partition, count int) {
	t.Helper()
	r, err := offsetsOf(brokers, partition)
	if err != nil {
		t.Fatal(err)
	}
	produceFrom(t, brokers, partition, r, count, func(o int64) []byte { return []byte(value(partition, o)) })
}

func offsetsOf(brokers cluster.Config, partition int) (int64, error) {
	c := &kafka.Client{Addr: kafka.TCP(brokers.Brokers...), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
	defer c.Transport.(*kafka.Transport).CloseIdleConnections()
	res, err := c.ListOffsets(context.Background(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{argos.Topic: {kafka.LastOffsetOf(partition)}},
	})
	if err != nil {
		return 0, err
	}
	return res.Topics[argos.Topic][0].LastOffset, nil
}

func produceFrom(t testing.TB, brokers cluster.Config, partition int, first int64, count int, value func(int64) []byte) {
	t.Helper()
	tr := &kafka.Transport{}
	c := &kafka.Client{Addr: kafka.TCP(brokers.Brokers...), Timeout: 10 * time.Second, Transport: tr}
	defer tr.CloseIdleConnections()
	for o := first; o < first+int64(count); {
		var batch []kafka.Record
		for ; o < first+int64(count) && len(batch) < 1000; o++ {
			var v kafka.Bytes
			if b := value(o); b != nil {
				v = kafka.NewBytes(b)
			}
			batch = append(batch, kafka.Record{Time: time.UnixMilli(1_700_000_000_000 + o), Key: kafka.NewBytes([]byte("T")), Value: v})
		}
		res, err := c.Produce(context.Background(), &kafka.ProduceRequest{
			Topic: argos.Topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(batch...),
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// marksStore is a store that keeps marks alone, in memory.
type marksStore struct {
	argos.Store
	mu    sync.Mutex
	marks map[int32]argos.Mark
	fail  bool
	open  int
}

var storeURIs atomic.Int64

func newMarksStore() (*marksStore, string) {
	s := &marksStore{marks: map[int32]argos.Mark{}}
	scheme := fmt.Sprintf("marks%d", storeURIs.Add(1))
	argos.Process.Register(scheme, func(context.Context, string) (argos.Store, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open++
		return s, nil
	})
	return s, scheme + ":memory"
}

func (s *marksStore) SetMarks(_ context.Context, marks []argos.Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return fmt.Errorf("the store is away")
	}
	for _, m := range marks {
		s.marks[m.Partition] = m
	}
	return nil
}

func (s *marksStore) setFail(fail bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

func (s *marksStore) mark(partition int32) argos.Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[partition]
}

func (s *marksStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	return nil
}

// metric is the value of one of the package's counters, of a partition or, below 0, without one.
func metric(t testing.TB, name string, partition int) float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(kafkaio.Collectors()...)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (partition < 0 || m.GetLabel()[0].GetValue() == fmt.Sprint(partition)) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
