package pipelines

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"argos/io/kfakeio"
)

// Ready says what stands in a record's way, and nothing when all is well again.
func TestReady(t *testing.T) {
	cutsJobsOff(t)
	b, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Partitions: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p := topicAt(t, b.Addr(), 2)
	p.fill(20_000, 50)
	store, uri := newMemStore(t)
	l := begun(t, p.config(uri))
	ready := func() bool { return l.Ready(within(t, 10*time.Second)) == nil }
	eventually(t, "the pipeline is ready", ready)
	store.down.Store(true)
	if err := l.Ready(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("the store is down: %v", err)
	}
	store.down.Store(false)
	eventually(t, "the pipeline is ready again", ready)
	b.Close()
	if err := l.Ready(within(t, 10*time.Second)); err == nil {
		t.Error("it is ready without a broker")
	}
	if err := l.Stop(within(t, time.Second)); err != nil && !errors.Is(err, errDrain) {
		t.Error(err)
	}
	if err := l.Ready(t.Context()); err == nil {
		t.Error("it is ready though it has ended")
	}
}
