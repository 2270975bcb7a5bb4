package pipelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"argos"
	"argos/flink"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
)

// jobManager answers as Flink's does about one job. TestFlink in cmd/argos has a real one.
type jobManager struct {
	state, trace atomic.Value // strings
	name         atomic.Value // in the list of jobs; none: it does not have the job
	cancelled    atomic.Bool
	asked        atomic.Int64 // for the reason of a failure
	listed       atomic.Int64 // times
}

func newJobManager(t *testing.T, state, trace string) (*jobManager, flink.Cluster) {
	m := &jobManager{}
	m.state.Store(state)
	m.trace.Store(trace)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPatch:
			m.cancelled.Store(true)
			m.state.Store("CANCELED")
		case r.Method == http.MethodPost: // a savepoint
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"errors":["not all tasks run"]}`)
		case r.URL.Path == "/jobs/overview":
			m.listed.Add(1)
			if name, is := m.name.Load().(string); is {
				fmt.Fprintf(w, `{"jobs":[{"jid":"1","name":%q,"state":%q}]}`, name, m.state.Load())
			} else {
				fmt.Fprint(w, `{"jobs":[]}`)
			}
		case strings.HasSuffix(r.URL.Path, "/exceptions"):
			m.asked.Add(1)
			fmt.Fprintf(w, `{"exceptionHistory":{"entries":[{"timestamp":1,"stacktrace":%q}]}}`, m.trace.Load())
		default:
			fmt.Fprintf(w, `{"state":%q,"vertices":[{"status":%[1]q}]}`, m.state.Load())
		}
	}))
	t.Cleanup(s.Close)
	return m, flink.At(s.Listener.Addr().String())
}

func jobAt(p *topic, uri string, at flink.Cluster) *FlinkJob {
	cfg := p.config(uri).withDefaults()
	cfg.Log = slog.New(slog.DiscardHandler)
	return &FlinkJob{on: Flink{Cluster: at, Name: "argos"}, cfg: cfg, id: "1", name: "argos-00000000", end: func() {}}
}

// TestFlinkReady: the same stands in a record's way as on Prism.
func TestFlinkReady(t *testing.T) {
	b, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Partitions: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	store, uri := newMemStore(t)
	m, at := newJobManager(t, "RUNNING", "")
	j := jobAt(topicAt(t, b.Addr(), 2), uri, at)
	ready := func() error { return j.Ready(within(t, 10*time.Second)) }
	if err := ready(); err != nil {
		t.Errorf("all is well: %v", err)
	}
	m.state.Store("RESTARTING")
	if err := ready(); err == nil || !strings.Contains(err.Error(), "RESTARTING") {
		t.Errorf("the job restarts: %v", err)
	}
	m.state.Store("RUNNING")
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

// TestFlinkGrownTopic: a job whose topic has grown under it fails for good, with the steps that a start would name; after the same failure
// with a log that fits, it is the cluster's to repeat.
func TestFlinkGrownTopic(t *testing.T) {
	p := newTopic(t, 2)
	trace := fmt.Sprintf("java.lang.RuntimeException: %s1: failed:\n%v: %v", ownError, kafkaio.ErrLog, &kafkaio.ChangedError{Topic: argos.Topic, Was: 1, Is: 2})
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
		m, at := newJobManager(t, "RESTARTING", trace)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		go func() {
			for m.asked.Load() < 2 && ctx.Err() == nil { // it has looked again after it was told
				time.Sleep(time.Millisecond)
			}
			if !c.refused {
				cancel()
			}
		}()
		err := jobAt(p, uri, at).Follow(ctx)
		cancel()
		if errors.Is(err, ErrRefused) != c.refused || m.cancelled.Load() != c.refused || !c.refused && !errors.Is(err, ErrLeft) {
			t.Errorf("marks of %d partitions: cancelled %v, %v", c.stored, m.cancelled.Load(), err)
		}
		if c.refused && !strings.Contains(err.Error(), "--accept-partitions") {
			t.Errorf("it does not name the steps: %v", err)
		}
	}
}
