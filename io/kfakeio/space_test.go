package kfakeio

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
)

// TestDiskWithoutRoom: a broker whose disk is full refuses, takes records again when there is room, and has all that
// it took.
func TestDiskWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("a small disk can't be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	cfg := Config{Dir: filepath.Join(dir, "log"), Partitions: 1, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	b, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	taken := 0
	for ; taken < 100; taken++ {
		if err = produceBulk(t, b, taken); err != nil {
			break
		}
	}
	if !errors.Is(err, kafka.KafkaStorageError) || taken == 0 {
		t.Fatalf("%d taken: %v", taken, err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := produceBulk(t, b, taken); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	b.Close()
	if b, err = Start(cfg); err != nil {
		t.Fatal(err)
	}
	c := &kafka.Client{Addr: kafka.TCP(b.Addr()), Timeout: 10 * time.Second}
	o, err := c.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{argos.Topic: {kafka.LastOffsetOf(0)}}})
	if err != nil || o.Topics[argos.Topic][0].LastOffset != int64(taken+1) {
		t.Fatalf("%d were taken: %+v, %v", taken+1, o, err)
	}
}

// produceBulk writes one record of half a megabyte.
func produceBulk(t *testing.T, b *Broker, n int) error {
	c := &kafka.Client{Addr: kafka.TCP(b.Addr()), Timeout: 10 * time.Second}
	r, err := c.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: argos.Topic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes(fmt.Append(nil, n)), Value: kafka.NewBytes(make([]byte, 512<<10))}),
	})
	if err != nil {
		return err
	}
	return r.Error
}

// TestUnwrittenIsNotAcknowledged: a batch that could not be written is not acknowledged, nor is any after it, which
// may be the same again; the next start takes records again. Nothing here ends the process.
func TestUnwrittenIsNotAcknowledged(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, Partitions: 1, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	b, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	at := filepath.Join(dir, "partitions", argos.Topic+"-0")
	if err := errors.Join(os.RemoveAll(at), os.MkdirAll(filepath.Dir(at), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, nil, 0o600); err != nil { // where the partition's folder should be
		t.Fatal(err)
	}
	if err := produceBulk(t, b, 0); err == nil {
		t.Fatal("acknowledged what was not written")
	}
	if !b.broken.Load() {
		t.Error("kfake tells it in other words: nobody has heard that a batch was not written")
	}
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if err := produceBulk(t, b, 0); !errors.Is(err, kafka.KafkaStorageError) {
		t.Errorf("after a batch that was not written: %v", err)
	}
	b.Close()
	if b, err = Start(cfg); err != nil {
		t.Fatal(err)
	}
	if err := produceBulk(t, b, 0); err != nil {
		t.Errorf("after a start: %v", err)
	}
}
