package pipelines

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWithdraw: a job that was submitted is cancelled although whoever waits has given up, also when it comes to the cluster only then.
func TestWithdraw(t *testing.T) {
	for name, after := range map[string]int64{"it is there": 0, "it comes later": 2} {
		m, at := newJobManager(t, "RUNNING", "")
		if after == 0 {
			m.name.Store("argos-1")
		}
		go func() {
			for m.listed.Load() < after && t.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
			m.name.Store("argos-1")
		}()
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if err := (Flink{Cluster: at}).withdraw(stopped, "argos-1", make(chan error)); err != nil || !m.cancelled.Load() {
			t.Errorf("%s: cancelled %v, %v", name, m.cancelled.Load(), err)
		}
	}
	m, at := newJobManager(t, "RUNNING", "")
	m.name.Store("another")
	over := make(chan error)
	close(over)
	if err := (Flink{Cluster: at}).withdraw(t.Context(), "argos-1", over); err != nil || m.cancelled.Load() {
		t.Errorf("the job server has given up: cancelled %v, %v", m.cancelled.Load(), err)
	}
}

// TestFollowLeavesNoOrphan: a job whose workers end with this process, and that can't be stopped with a savepoint, is cancelled.
func TestFollowLeavesNoOrphan(t *testing.T) {
	m, at := newJobManager(t, "RESTARTING", "")
	_, uri := newMemStore(t)
	j := jobAt(newTopic(t, 1), uri, at)
	j.on.Loopback = true
	m.name.Store(j.name)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for m.asked.Load() == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := j.Follow(ctx); err == nil || !strings.Contains(err.Error(), "not all tasks run") || !m.cancelled.Load() {
		t.Errorf("cancelled %v, %v", m.cancelled.Load(), err)
	}
}

// TestResumeTakesAnOrphansPlace: a job whose workers were in a command that was killed is not followed, for it can't run again.
func TestResumeTakesAnOrphansPlace(t *testing.T) {
	for _, c := range []struct {
		state    string
		loopback bool
		follows  bool
	}{{"RESTARTING", true, false}, {"RUNNING", true, true}, {"RESTARTING", false, true}} {
		m, at := newJobManager(t, c.state, "")
		m.name.Store("argos-00000000")
		_, uri := newMemStore(t)
		cfg := newTopic(t, 1).config(uri)
		cfg.Log = slog.New(slog.DiscardHandler)
		on := Flink{Cluster: at, Name: "argos", Parallelism: 1, Interval: time.Second, Bundle: time.Second, Resume: true, Loopback: c.loopback}
		j, err := StartFlink(t.Context(), cfg, on)
		if follows := err == nil && j.back; follows != c.follows || m.cancelled.Load() == c.follows {
			t.Errorf("%+v: cancelled %v, %v", c, m.cancelled.Load(), err) // a new job does not come about, for no job server is there
		}
	}
}

// TestFollowOldFailure: what a job has got over before it was followed is not taken for what keeps it from running.
func TestFollowOldFailure(t *testing.T) {
	const trace = `java.io.IOException: Cannot run program "/argos": error=2, No such file or directory`
	for state, cancels := range map[string]bool{"RUNNING": false, "RESTARTING": true} {
		m, at := newJobManager(t, state, trace)
		_, uri := newMemStore(t)
		j := jobAt(newTopic(t, 1), uri, at)
		j.back = true
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for m.asked.Load() < 2 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		err := j.Follow(ctx)
		cancel()
		if m.cancelled.Load() != cancels || errors.Is(err, ErrLeft) == cancels {
			t.Errorf("%s: cancelled %v, %v", state, m.cancelled.Load(), err)
		}
	}
}

// TestExplainNamesTheCheckpoint also when another command has chosen it.
func TestExplainNamesTheCheckpoint(t *testing.T) {
	for _, c := range []struct{ savepoint, begins string }{{"/s/chk-1", "/s/chk-1 is of"}, {"", "the checkpoint that the job began with is of"}} {
		if got := explain("x: "+restoreFailed, Flink{Savepoint: c.savepoint}); !strings.HasPrefix(got, c.begins) {
			t.Error(got)
		}
	}
}

// TestExplainWorkerKilled: what gRPC says of it is no sentence for whoever reads the log.
func TestExplainWorkerKilled(t *testing.T) {
	for _, said := range []string{"client cancelled", "call already cancelled. Use ServerCallStreamObserver.setOnCancelHandler() to disable this exception"} {
		trace := "java.lang.Exception: no\n\tat a.B(C.java:1)\nCaused by: org.apache.beam.vendor.grpc.v1p69p0.io.grpc.StatusRuntimeException: CANCELLED: " + said
		if got := explain(trace, Flink{}); !strings.HasPrefix(got, "a worker has ended") {
			t.Error(got)
		}
	}
}

// TestDiscardParts: what workers that were killed have left of one job goes; results, and what other jobs write, stay.
func TestDiscardParts(t *testing.T) {
	dir := t.TempDir()
	f, err := new(Tally).create(dir, ".smooth-1-ab.*"+partial)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, name := range []string{".smooth-1-abc.7.part", ".smooth-1.7.part", "drive.csv", ".smooth-1-ab.csv"} {
		write(t, filepath.Join(dir, name), "x")
	}
	discardParts(dir, "smooth-1-ab")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Error(left, err)
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", f.Name(), err)
	}
}
