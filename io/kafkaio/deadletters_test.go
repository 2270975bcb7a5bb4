package kafkaio_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

func init() {
	register.DoFn2x0[int64, func(int64, []byte)](&lettersFn{})
	register.DoFn2x0[int64, []byte](&acksFn{})
}

// lettersFn makes, of a number n, a part of partition n with n letters, whose time is far in the future.
type lettersFn struct{ Size int }

func (f *lettersFn) ProcessElement(n int64, emit func(int64, []byte)) {
	b := argos.Part{Partition: int32(n), From: 100, To: 200, Index: 1, Of: 2}.Append(nil)
	for i := range n {
		b = argos.AppendLogRecord(b, argos.LogRecord{Offset: 100 + i, Time: 100_000_000_000_000 + i, Value: letter(n, i, f.Size)})
	}
	emit(n, b)
}

func letter(n, i int64, size int) []byte {
	return fmt.Appendf(nil, `{"why":"letter %d of %d","pad":"%s"}`, i, n, strings.Repeat("x", size))
}

var acked sync.Map // job -> *sync.Map of partition -> argos.Part

type acksFn struct{ Job string }

func (f *acksFn) ProcessElement(partition int64, ack []byte) {
	part, rest, _ := argos.DecodePart(ack)
	if len(rest) == 0 {
		m, _ := acked.LoadOrStore(f.Job, &sync.Map{})
		m.(*sync.Map).Store(partition, part)
	}
}

// writeLetters runs parts with the given numbers of letters through WriteDeadLetters and returns what the topic has then.
func writeLetters(t *testing.T, brokers cluster.Config, size int, numbers ...int64) (got []string) {
	t.Helper()
	job := kafkaio.NewJob(t.Name(), nil)
	defer job.Close()
	p, s := beam.NewPipelineWithRoot()
	var all []any
	for _, n := range numbers {
		all = append(all, n)
	}
	letters := beam.ParDo(s, &lettersFn{Size: size}, beam.Create(s, all...))
	acks := kafkaio.WriteDeadLetters(s, kafkaio.DeadLetterConfig{Job: t.Name(), Kafka: brokers}, letters)
	beam.ParDo0(s, &acksFn{Job: t.Name()}, acks)
	ctx, began := timed(t), time.Now().UnixMilli()
	if _, err := prism.Execute(ctx, p); err != nil {
		t.Fatal(err)
	}
	m, _ := acked.LoadOrStore(t.Name(), &sync.Map{})
	for _, n := range numbers {
		if a, _ := m.(*sync.Map).Load(n); a != (argos.Part{Partition: int32(n), From: 100, To: 200, Index: 1, Of: 2}) {
			t.Errorf("partition %d was acknowledged with %+v", n, a)
		}
	}
	r, err := kafkaio.Offsets(ctx, brokers, argos.DeadLetterTopic)
	if err != nil {
		t.Fatal(err)
	}
	if err := kafkaio.Scan(ctx, brokers, argos.DeadLetterTopic, 0, r[0].First, r[0].Last, func(r argos.LogRecord) error {
		if r.Time < began || r.Time > time.Now().UnixMilli() {
			t.Errorf("letter %d has the time %d, which is not when it was written", r.Offset, r.Time)
		}
		got = append(got, string(r.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func wantLetters(t *testing.T, got []string, size int, numbers ...int64) {
	t.Helper()
	left := map[string]int{}
	for _, g := range got {
		left[g]++
	}
	total := 0
	for _, n := range numbers {
		for i := range n {
			total++
			if left[string(letter(n, i, size))] == 0 {
				t.Fatalf("letter %d of %d is missing among %d", i, n, len(got))
			}
		}
	}
	if total != len(got) {
		t.Fatalf("%d letters, want %d", len(got), total)
	}
}

func TestDeadLettersAreStoredAndThenAcknowledged(t *testing.T) {
	wantLetters(t, writeLetters(t, newBroker(t, 1), 10, 0, 1, 7), 10, 0, 1, 7)
}

// TestDeadLettersSurviveARetry lets the broker refuse a request after it has read it: the next one must not be empty.
func TestDeadLettersSurviveARetry(t *testing.T) {
	cluster, brokers := newCluster(t, 1)
	var refused atomic.Int32
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if refused.Add(1) > 3 {
			return nil, nil, false
		}
		return produceError(r, kafka.NotEnoughReplicas), nil, true
	})
	wantLetters(t, writeLetters(t, brokers, 10, 4), 10, 4)
	if refused.Load() < 4 {
		t.Fatal("nothing was refused")
	}
}

// TestDeadLettersEndWithTheJob closes the job while the broker refuses everything.
func TestDeadLettersEndWithTheJob(t *testing.T) {
	cluster, brokers := newCluster(t, 1)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return produceError(r, kafka.NotEnoughReplicas), nil, true
	})
	before := metric(t, "argos_dead_letter_errors_total", -1)
	job := kafkaio.NewJob(t.Name(), nil)
	p, s := beam.NewPipelineWithRoot()
	acks := kafkaio.WriteDeadLetters(s, kafkaio.DeadLetterConfig{Job: t.Name(), Kafka: brokers},
		beam.ParDo(s, &lettersFn{}, beam.Create(s, int64(1))))
	beam.ParDo0(s, &acksFn{Job: t.Name()}, acks)
	ended := make(chan error, 1)
	go func() { _, err := prism.Execute(timed(t), p); ended <- err }()
	within(t, "a refusal", func() bool { return metric(t, "argos_dead_letter_errors_total", -1) > before })
	if err := job.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "write the dead letters of partition 1, offsets 100 to 200") {
		t.Fatalf("got %v", err)
	}
	if err := job.DeadLetterTrouble(); err != nil {
		t.Errorf("nothing is being written: %v", err)
	}
	if _, acks := acked.Load(t.Name()); acks {
		t.Fatal("letters that are not stored were acknowledged")
	}
}

// TestDeadLettersAreSplitBySize writes more than fits into one request.
func TestDeadLettersAreSplitBySize(t *testing.T) {
	wantLetters(t, writeLetters(t, newBroker(t, 1), 300_000, 8), 300_000, 8)
}

// TestDeadLetterTooLargeIsCounted has one letter that no broker takes; the part is acknowledged all the same.
func TestDeadLetterTooLargeIsCounted(t *testing.T) {
	before := metric(t, "argos_dead_letters_refused_total", -1)
	if got := writeLetters(t, newBroker(t, 1), 3_000_000, 1); len(got) != 0 {
		t.Fatalf("%d letters were stored", len(got))
	}
	if n := metric(t, "argos_dead_letters_refused_total", -1) - before; n != 1 {
		t.Fatalf("%v letters were counted as refused", n)
	}
}

// TestDeadLettersRefusedForGoodAreCounted has a broker that refuses each request with one poisoned letter in it. All others
// are stored, and the part is acknowledged.
func TestDeadLettersRefusedForGoodAreCounted(t *testing.T) {
	for _, code := range []kafka.Error{kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidTimestamp, kafka.InvalidRecord} {
		t.Run(code.Title(), func(t *testing.T) {
			cluster, brokers := newCluster(t, 1)
			poison := letter(5, 3, 10)
			cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				if !bytes.Contains(r.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records, poison) {
					return nil, nil, false
				}
				return produceError(r, code), nil, true
			})
			before := metric(t, "argos_dead_letters_refused_total", -1)
			got := writeLetters(t, brokers, 10, 5)
			if slices.Contains(got, string(poison)) {
				t.Fatal("the poisoned letter was stored")
			}
			wantLetters(t, append(got, string(poison)), 10, 5)
			if n := metric(t, "argos_dead_letters_refused_total", -1) - before; n != 1 {
				t.Fatalf("%v letters were counted as refused", n)
			}
		})
	}
}

// TestDeadLetterTopicIsMadeAgain deletes the topic that was there at the start.
func TestDeadLetterTopicIsMadeAgain(t *testing.T) {
	cluster, brokers := newCluster(t, 1)
	if err := cluster.DeleteTopic(argos.DeadLetterTopic); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, writeLetters(t, brokers, 10, 4), 10, 4)
}

func TestDeadLetterTroubleLastsAsLongAsItsCause(t *testing.T) {
	cluster, brokers := newCluster(t, 1)
	var away atomic.Bool
	away.Store(true)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return produceError(r, kafka.NotEnoughReplicas), nil, away.Load()
	})
	job, other := kafkaio.NewJob(t.Name(), nil), kafkaio.NewJob(t.Name()+" other", nil)
	defer job.Close()
	defer other.Close()
	p, s := beam.NewPipelineWithRoot()
	kafkaio.WriteDeadLetters(s, kafkaio.DeadLetterConfig{Job: t.Name(), Kafka: brokers},
		beam.ParDo(s, &lettersFn{}, beam.Create(s, int64(2))))
	ended := make(chan error, 1)
	go func() { _, err := prism.Execute(timed(t), p); ended <- err }()
	within(t, "trouble", func() bool { return errors.Is(job.DeadLetterTrouble(), kafka.NotEnoughReplicas) })
	if err := other.DeadLetterTrouble(); err != nil {
		t.Errorf("another job's trouble: %v", err)
	}
	away.Store(false)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := job.DeadLetterTrouble(); err != nil {
		t.Errorf("the letters are written: %v", err)
	}
}

func produceError(r kmsg.Request, code kafka.Error) kmsg.Response {
	req := r.(*kmsg.ProduceRequest)
	res := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewProduceResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewProduceResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, int16(code)
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}
