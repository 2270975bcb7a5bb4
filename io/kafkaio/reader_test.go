package kafkaio

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"pgregory.net/rapid"

	"argos"
	"argos/cluster"
	"argos/io/kfakeio"
)

// TestTakeCutsTheQueueAnywhere hands chunks, gaps among them, out in polls of any size.
func TestTakeCutsTheQueueAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &reader{room: make(chan struct{}, 1)}
		var want []argos.LogRecord
		at := int64(0)
		for range rapid.IntRange(0, 6).Draw(t, "chunks") {
			c := r.blank()
			for range rapid.IntRange(0, 5).Draw(t, "records") {
				at += rapid.Int64Range(0, 1).Draw(t, "hole")
				rec := argos.LogRecord{Offset: at, Value: make([]byte, rapid.IntRange(0, 30).Draw(t, "bytes"))}
				want = append(want, rec)
				_ = c.add(rec)
				at++
			}
			at += rapid.Int64Range(0, 2).Draw(t, "gap")
			c.next = at
			r.put(c)
		}
		next, seen := int64(0), 0
		for {
			if _, some, _ := r.ready(); !some {
				break
			}
			maxRecords, maxBytes := rapid.IntRange(1, 8).Draw(t, "max records"), rapid.IntRange(1, 200).Draw(t, "max bytes")
			b, n, to, _ := r.take([]byte("head"), maxRecords, maxBytes)
			if n > maxRecords || len(b) > 4+maxBytes+50 || to < next || string(b[:4]) != "head" {
				t.Fatalf("took %d records, %d bytes, [%d, %d) with limits %d and %d", n, len(b), next, to, maxRecords, maxBytes)
			}
			for b = b[4:]; len(b) > 0; n-- {
				var rec argos.LogRecord
				rec, b, _ = argos.DecodeLogRecord(b)
				if rec.Offset != want[seen].Offset || len(rec.Value) != len(want[seen].Value) || rec.Offset < next || rec.Offset >= to {
					t.Fatalf("record %d in [%d, %d), want %d", rec.Offset, next, to, want[seen].Offset)
				}
				seen++
			}
			if n != 0 || r.at() != to {
				t.Fatalf("%d records miscounted, reader at %d after %d", n, r.at(), to)
			}
			next = to
		}
		if seen != len(want) || next != at || r.records != 0 || r.bytes != 0 {
			t.Fatalf("%d of %d records to offset %d of %d; %d records, %d bytes are still counted", seen, len(want), next, at, r.records, r.bytes)
		}
	})
}

// fillPartition starts a broker with one partition of count records of so many bytes.
func fillPartition(t testing.TB, count, bytes int) (brokers cluster.Config) {
	t.Helper()
	b, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Partitions: 1, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	brokers = cluster.Plain(b.Addr())
	c, err := brokers.Client(argos.Topic)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for n := 0; n < count; {
		var batch []kafka.Record
		for ; n < count && len(batch) < 1000; n++ {
			batch = append(batch, kafka.Record{Value: kafka.NewBytes(make([]byte, bytes))})
		}
		res, err := c.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: argos.Topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(batch...),
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return brokers
}

func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func TestReaderGoesBackAndStaysBounded(t *testing.T) {
	brokers := fillPartition(t, 40_000, 130)
	job := NewJob(t.Name(), []int64{0})
	cfg := ReadConfig{Kafka: brokers, Topic: argos.Topic, Starts: []int64{0}}
	cfg.setDefaults()
	read := func(from, to int64) {
		t.Helper()
		for from < to {
			r, _, err := job.reader(&cfg, 0, from)
			if err != nil {
				t.Fatal(err)
			}
			soon(t, "a chunk", func() bool { _, some, err := r.ready(); return some && err == nil })
			b, n, next, _ := r.take(nil, 5000, 1<<20)
			if rec, _, err := argos.DecodeLogRecord(b); err != nil || rec.Offset != from || next != from+int64(n) {
				t.Fatalf("took %d records from %d to %d, wanted from %d: %v", n, rec.Offset, next, from, err)
			}
			r.mu.Lock()
			if limit := cfg.PollRecords*2 + fetchBytes/130; r.records > limit {
				t.Errorf("%d records are queued, at most %d may be", r.records, limit)
			}
			r.mu.Unlock()
			from = next
		}
	}
	read(0, 20_000)
	read(12_345, 40_000) // the runner has gone back
	if err := job.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := job.reader(&cfg, 0, 0); err == nil {
		t.Fatal("a closed job gave a reader")
	}
}

func TestJobNamesAreTakenOnce(t *testing.T) {
	job := NewJob(t.Name(), []int64{5})
	if j, err := jobNamed(t.Name(), false); j != job || err != nil {
		t.Fatal(j, err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a name was taken twice")
			}
		}()
		NewJob(t.Name(), nil)
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := job.WaitMarks(ctx, []int64{6}); err == nil {
		t.Error("a mark that nobody moves was reached")
	}
	if err := job.WaitMarks(ctx, []int64{5}); err != nil {
		t.Error(err)
	}
	if err := job.Close(); err != nil {
		t.Fatal(err)
	}
	if err := job.Close(); err != nil {
		t.Fatal("a second Close:", err)
	}
	if _, err := jobNamed(t.Name(), false); err == nil {
		t.Error("a closed job is still found")
	}
}

// BenchmarkReader takes polls as the source does, without Beam.
func BenchmarkReader(b *testing.B) {
	const records = 200_000
	brokers := fillPartition(b, records, 130)
	cfg := ReadConfig{Kafka: brokers, Topic: argos.Topic, Starts: []int64{0}}
	cfg.setDefaults()
	b.ReportAllocs()
	run := 0
	var poll []byte
	for b.Loop() {
		run++
		job := NewJob(fmt.Sprintf("%s-%d-%d", b.Name(), b.N, run), []int64{0})
		r, _, err := job.reader(&cfg, 0, 0)
		if err != nil {
			b.Fatal(err)
		}
		for to := int64(0); to < records; {
			if _, some, _ := r.ready(); !some {
				time.Sleep(100 * time.Microsecond)
				continue
			}
			poll, _, to, _ = r.take(poll[:0], cfg.PollRecords, cfg.PollBytes)
		}
		if err := job.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
