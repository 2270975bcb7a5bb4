package kfakeio

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
)

func mustStart(t *testing.T, cfg Config, keep int64, every time.Duration) *Broker {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	b, err := start(cfg, keep, every)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, b *Broker) *kafka.Client {
	t.Helper()
	tr := &kafka.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(b.Addr()), Timeout: 10 * time.Second, Transport: tr}
}

// produce appends count batches of one record to a partition.
func produce(t *testing.T, b *Broker, partition, count int, value string) {
	t.Helper()
	c := client(t, b)
	for range count {
		res, err := c.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: argos.Topic, Partition: partition, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("T")), Value: kafka.NewBytes([]byte(value))}),
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// offsets is what the broker says that a partition holds.
func offsets(t *testing.T, b *Broker, partition int) (first, last int64) {
	t.Helper()
	res, err := client(t, b).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		argos.Topic: {kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := res.Topics[argos.Topic][0]
	if p.Error != nil {
		t.Fatal(p.Error)
	}
	return p.FirstOffset, p.LastOffset
}

// values reads a partition from its start.
func values(t *testing.T, b *Broker, partition int) (got []string) {
	t.Helper()
	next, last := offsets(t, b, partition)
	for next < last {
		res, err := client(t, b).Fetch(t.Context(), &kafka.FetchRequest{Topic: argos.Topic, Partition: partition, Offset: next, MinBytes: 1, MaxBytes: 1 << 20})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
		for {
			rec, err := res.Records.ReadRecord()
			if err != nil {
				break
			}
			v, _ := kafka.ReadAll(rec.Value)
			got = append(got, string(v))
			next = rec.Offset + 1
		}
	}
	return got
}

func TestReopenKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	b := mustStart(t, Config{Dir: dir, Partitions: 3}, retentionBytes, retentionEvery)
	produce(t, b, 0, 5, "before")
	addr := b.Addr()
	b.Close()
	b.Close() // and again, in vain

	b = mustStart(t, Config{Dir: dir, Listen: addr}, retentionBytes, retentionEvery)
	if b.Addr() != addr {
		t.Fatalf("it came back at %s, not %s", b.Addr(), addr)
	}
	produce(t, b, 0, 1, "after")
	if got := fmt.Sprint(values(t, b, 0)); got != "[before before before before before after]" {
		t.Fatal(got)
	}
	if n := len(b.cluster.PartitionInfos(argos.Topic)); n != 3 {
		t.Fatalf("%d partitions, want 3", n)
	}
}

// TestReopenAfterKill opens what a killed process leaves: its files as they are, with a batch half written.
func TestReopenAfterKill(t *testing.T) {
	dir, left := t.TempDir(), t.TempDir()
	b := mustStart(t, Config{Dir: dir, Partitions: 1}, retentionBytes, retentionEvery)
	produce(t, b, 0, 7, "acknowledged")
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	segments, _ := filepath.Glob(filepath.Join(left, "partitions", argos.Topic+"-0", "*.dat"))
	if len(segments) != 1 {
		t.Fatalf("segments %v", segments)
	}
	f, err := os.OpenFile(segments[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x60half")); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var log bytes.Buffer
	b = mustStart(t, Config{Dir: left, Log: slog.New(slog.NewTextHandler(&log, nil))}, retentionBytes, retentionEvery)
	produce(t, b, 0, 1, "new")
	if got := values(t, b, 0); len(got) != 8 || got[6] != "acknowledged" || got[7] != "new" {
		t.Fatal(got)
	}
	if !strings.Contains(log.String(), "truncating 16 corrupt bytes") {
		t.Errorf("the log does not tell of the half batch: %s", &log)
	}
}

// TestRetentionBoundsTheLogAndKeepsItsOffsets: also when the data was there before, and after a kill.
func TestRetentionBoundsTheLogAndKeepsItsOffsets(t *testing.T) {
	const keep = 64 << 10
	dir, left := t.TempDir(), t.TempDir()
	mustStart(t, Config{Dir: dir, Partitions: 1}, keep, time.Hour).Close()
	b := mustStart(t, Config{Dir: dir}, keep, time.Millisecond) // found, not made
	produce(t, b, 0, 1000, strings.Repeat("x", 1000))
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if first, last := offsets(t, b, 0); last == 1000 && last-first <= keep/1000 && first < last {
			break
		} else if time.Now().After(end) {
			t.Fatalf("offsets %d to %d are kept", first, last)
		}
	}
	var size int64
	files, _ := filepath.Glob(filepath.Join(dir, "partitions", argos.Topic+"-0", "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			size += info.Size()
		}
	}
	if size > 2*keep {
		t.Errorf("%d bytes are on disk, %d are to be kept", size, keep)
	}
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	b.Close()
	for name, d := range map[string]string{"closed": dir, "killed": left} {
		b := mustStart(t, Config{Dir: d}, keep, time.Hour)
		if _, last := offsets(t, b, 0); last != 1000 {
			t.Errorf("%s: the log ends at %d, not at 1000", name, last)
		}
		b.Close()
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	running := t.TempDir()
	b := mustStart(t, Config{Dir: running, Partitions: 2}, retentionBytes, retentionEvery)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "meta.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	two := t.TempDir()
	mustStart(t, Config{Dir: two, Partitions: 2}, retentionBytes, retentionEvery).Close()

	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"no directory":      {Config{}, "embedded broker: no data directory given"},
		"under a file":      {Config{Dir: filepath.Join(file, "data")}, "make data directory"},
		"in use":            {Config{Dir: running}, "is in use by another broker"},
		"port in use":       {Config{Dir: t.TempDir(), Listen: other.Addr().String()}, "address " + other.Addr().String() + " is in use by another program"},
		"its own port":      {Config{Dir: t.TempDir(), Listen: b.Addr()}, "is in use by another program"},
		"not loopback":      {Config{Dir: t.TempDir(), Listen: "0.0.0.0:0"}, "serves this machine alone"},
		"bad address":       {Config{Dir: t.TempDir(), Listen: "nonsense"}, `listen address "nonsense"`},
		"damaged":           {Config{Dir: damaged}, "the data in " + damaged + " is damaged"},
		"other partitions":  {Config{Dir: two, Partitions: 4}, "has 2 partitions, not 4"},
		"read-only as root": {Config{Dir: "/proc/argos"}, "make data directory"},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Log = slog.New(slog.DiscardHandler)
			b, err := Start(c.cfg)
			if err == nil {
				b.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("it says %q, want %q", err, c.says)
			}
		})
	}
	// What was refused is left free: the same folder starts when it is asked for rightly.
	mustStart(t, Config{Dir: two, Partitions: 2}, retentionBytes, retentionEvery)
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Fatal(err)
	}
}

func TestItSaysWhatItIs(t *testing.T) {
	var log bytes.Buffer
	b := mustStart(t, Config{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))}, retentionBytes, retentionEvery)
	const what = "embedded Kafka-protocol broker, not Apache Kafka"
	if !strings.Contains(log.String(), what) || !strings.Contains(b.String(), what) {
		t.Fatalf("log: %s; itself: %s", &log, b)
	}
	for topic, n := range map[string]int{argos.Topic: DefaultPartitions, argos.DeadLetterTopic: 1} {
		if got := len(b.cluster.PartitionInfos(topic)); got != n {
			t.Errorf("%s has %d partitions, want %d", topic, got, n)
		}
	}
}
