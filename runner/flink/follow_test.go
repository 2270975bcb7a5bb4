package flink

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"argos/runner/flink/jobmanager"
	"argos/runner/flink/jobmanager/jobmanagertest"
)

func jobAt(at jobmanager.Cluster) *Job {
	j := Config{
		Cluster: at,
		Name:    "argos",
	}.Job(
		&jobmanager.Job{ID: "1", Name: "argos-00000000"},
		slog.New(slog.DiscardHandler),
	)
	j.back = false
	return j
}

// TestWithdraw: a job that was submitted is cancelled although whoever waits has given up, also when it comes to the
// cluster only then.
func TestWithdraw(t *testing.T) {
	for name, after := range map[string]int64{"it is there": 0, "it comes later": 2} {
		m, at := jobmanagertest.Start(t, "RUNNING", "")
		if after == 0 {
			m.Name.Store("argos-1")
		}
		go func() {
			for m.Listed.Load() < after && t.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
			m.Name.Store("argos-1")
		}()
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if err := (Config{Cluster: at}).Withdraw(stopped, "argos-1", make(chan error)); err != nil ||
			!m.Cancelled.Load() {
			t.Errorf("%s: cancelled %v, %v", name, m.Cancelled.Load(), err)
		}
	}
	m, at := jobmanagertest.Start(t, "RUNNING", "")
	m.Name.Store("another")
	over := make(chan error)
	close(over)
	if err := (Config{Cluster: at}).Withdraw(t.Context(), "argos-1", over); err != nil || m.Cancelled.Load() {
		t.Errorf("the job server has given up: cancelled %v, %v", m.Cancelled.Load(), err)
	}
}

// TestFollowLeavesNoOrphan: a job whose workers end with this process, and that can't be stopped with a savepoint, is
// cancelled.
func TestFollowLeavesNoOrphan(t *testing.T) {
	m, at := jobmanagertest.Start(t, "RESTARTING", "")
	j := jobAt(at)
	j.on.Loopback = true
	m.Name.Store(j.Name)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for m.Asked.Load() == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := j.Follow(ctx); err == nil || !strings.Contains(err.Error(), "not all tasks run") || !m.Cancelled.Load() {
		t.Errorf("cancelled %v, %v", m.Cancelled.Load(), err)
	}
}

// TestFollowOldFailure: what a job has got over before it was followed is not taken for what keeps it from running.
func TestFollowOldFailure(t *testing.T) {
	const trace = `java.io.IOException: Cannot run program "/argos": error=2, No such file or directory`
	for state, cancels := range map[string]bool{"RUNNING": false, "RESTARTING": true} {
		m, at := jobmanagertest.Start(t, state, trace)
		j := jobAt(at)
		j.back = true
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for m.Asked.Load() < 2 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		err := j.Follow(ctx)
		cancel()
		if m.Cancelled.Load() != cancels || errors.Is(err, ErrLeft) == cancels {
			t.Errorf("%s: cancelled %v, %v", state, m.Cancelled.Load(), err)
		}
	}
}

// TestExplainNamesTheCheckpoint also when another command has chosen it.
func TestExplainNamesTheCheckpoint(t *testing.T) {
	for _, c := range []struct{ savepoint, begins string }{{"/s/chk-1", "/s/chk-1 is of"}, {"", "the checkpoint that the job began with is of"}} {
		if got := explain("x: "+restoreFailed, Config{Savepoint: c.savepoint}); !strings.HasPrefix(got, c.begins) {
			t.Error(got)
		}
	}
}

// TestExplainWorkerKilled: what gRPC says of it is no sentence for whoever reads the log.
func TestExplainWorkerKilled(t *testing.T) {
	for _, said := range []string{"client cancelled", "call already cancelled. Use ServerCallStreamObserver.setOnCancelHandler() to disable this exception"} {
		trace := "java.lang.Exception: no\n\tat a.B(C.java:1)\nCaused by: org.apache.beam.vendor.grpc.v1p69p0.io.grpc.StatusRuntimeException: CANCELLED: " + said
		if got := explain(trace, Config{}); !strings.HasPrefix(got, "a worker has ended") {
			t.Error(got)
		}
	}
}
