package pipelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
	"argos/runner/flink"
	"argos/runner/flink/jobmanager"
	"argos/runner/flink/jobmanager/jobmanagertest"
)

func jobAt(p *topic, uri string, at jobmanager.Cluster) *FlinkJob {
	cfg := p.config(uri).withDefaults()
	cfg.Log = slog.New(slog.DiscardHandler)
	on := flink.Config{Cluster: at, Name: "argos"}
	return newFlinkJob(on.Job(&jobmanager.Job{ID: "1", Name: "argos-00000000"}, cfg.Log), cfg)
}

// TestFlinkReady: the same stands in a record's way as on Prism.
func TestFlinkReady(t *testing.T) {
	b, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Partitions: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	store, uri := newMemStore(t)
	m, at := jobmanagertest.Start(t, "RUNNING", "")
	j := jobAt(topicAt(t, b.Addr(), 2), uri, at)
	ready := func() error { return j.Ready(within(t, 10*time.Second)) }
	if err := ready(); err != nil {
		t.Errorf("all is well: %v", err)
	}
	m.State.Store("RESTARTING")
	if err := ready(); err == nil || !strings.Contains(err.Error(), "RESTARTING") {
		t.Errorf("the job restarts: %v", err)
	}
	m.State.Store("RUNNING")
	store.down.Store(true)
	if err := ready(); !errors.Is(err, errDown) {
		t.Errorf("the store is down: %v", err)
	}
	store.down.Store(false)
	if err := ready(); err != nil {
		t.Errorf("all is well again: %v", err)
	}
	b.Close()
	if err := ready(); err == nil {
		t.Error("it is ready without a broker")
	}
}

// TestFlinkGrownTopic: a job whose topic has grown under it fails for good, with the steps that a start would name;
// after the same failure with a log that fits, it is the cluster's to repeat.
func TestFlinkGrownTopic(t *testing.T) {
	p := newTopic(t, 2)
	trace := fmt.Sprintf(
		"java.lang.RuntimeException: Error received from SDK harness for instruction 1: failed:\n%v: %v",
		kafkaio.ErrLog,
		&kafkaio.ChangedError{Topic: argos.Topic, Was: 1, Is: 2},
	)
	for _, c := range []struct {
		stored  int // partitions
		refused bool
	}{{1, true}, {2, false}} {
		store, uri := newMemStore(t)
		for n := range c.stored {
			if err := store.SetMarks(t.Context(), []argos.Mark{{Topic: argos.Topic, Partition: int32(n)}}); err != nil {
				t.Fatal(err)
			}
		}
		m, at := jobmanagertest.Start(t, "RESTARTING", trace)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		go func() {
			for m.Asked.Load() < 2 && ctx.Err() == nil { // it has looked again after it was told
				time.Sleep(time.Millisecond)
			}
			if !c.refused {
				cancel()
			}
		}()
		err := jobAt(p, uri, at).Follow(ctx)
		cancel()
		if errors.Is(err, ErrRefused) != c.refused || m.Cancelled.Load() != c.refused ||
			!c.refused && !errors.Is(err, flink.ErrLeft) {
			t.Errorf("marks of %d partitions: cancelled %v, %v", c.stored, m.Cancelled.Load(), err)
		}
		if c.refused && !strings.Contains(err.Error(), "--accept-partitions") {
			t.Errorf("it does not name the steps: %v", err)
		}
	}
}

// TestResumeTakesAnOrphansPlace: a job whose workers were in a command that was killed is not followed, for it can't
// run again.
func TestResumeTakesAnOrphansPlace(t *testing.T) {
	for _, c := range []struct {
		state    string
		loopback bool
		follows  bool
	}{{"RESTARTING", true, false}, {"RUNNING", true, true}, {"RESTARTING", false, true}} {
		m, at := jobmanagertest.Start(t, c.state, "")
		m.Name.Store("argos-00000000")
		_, uri := newMemStore(t)
		cfg := newTopic(t, 1).config(uri)
		cfg.Log = slog.New(slog.DiscardHandler)
		on := flink.Config{
			Cluster:     at,
			Name:        "argos",
			Parallelism: 1,
			Interval:    time.Second,
			Bundle:      time.Second,
			Resume:      true,
			Loopback:    c.loopback,
		}
		_, err := StartFlink(t.Context(), cfg, on)
		if follows := err == nil; follows != c.follows || m.Cancelled.Load() == c.follows {
			t.Errorf(
				"%+v: cancelled %v, %v",
				c,
				m.Cancelled.Load(),
				err,
			) // a new job does not come about, for no job server is there
		}
	}
}
