// Package jobmanagertest has a job manager of one job, for tests.
package jobmanagertest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"argos/runner/flink/jobmanager"
)

// JobManager answers as Flink's does about one job. TestFlink in cmd/argos has a real one.
type JobManager struct {
	State     atomic.Value // string
	Name      atomic.Value // string, in the list of jobs; none: it does not have the job
	Cancelled atomic.Bool
	Asked     atomic.Int64 // how often it was asked for the reason of a failure
	Listed    atomic.Int64 // how often it was asked for its jobs

	trace string
}

// Start starts one whose job is in a state and has failed with a trace; the test ends it.
func Start(t *testing.T, state, trace string) (*JobManager, jobmanager.Cluster) {
	m := &JobManager{}
	m.State.Store(state)
	m.trace = trace
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPatch:
			m.Cancelled.Store(true)
			m.State.Store("CANCELED")
		case r.Method == http.MethodPost: // a savepoint
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `{"errors":["not all tasks run"]}`) //nolint:errcheck // whoever asked may be gone
		case r.URL.Path == "/jobs/overview":
			m.Listed.Add(1)
			if name, is := m.Name.Load().(string); is {
				fmt.Fprintf(w, `{"jobs":[{"jid":"1","name":%q,"state":%q}]}`, name, m.State.Load())
			} else {
				io.WriteString(w, `{"jobs":[]}`) //nolint:errcheck // whoever asked may be gone
			}
		case strings.HasSuffix(r.URL.Path, "/exceptions"):
			m.Asked.Add(1)
			fmt.Fprintf(w, `{"exceptionHistory":{"entries":[{"timestamp":1,"stacktrace":%q}]}}`, m.trace)
		default:
			fmt.Fprintf(w, `{"state":%q,"vertices":[{"status":%[1]q}]}`, m.State.Load())
		}
	}))
	t.Cleanup(s.Close)
	return m, jobmanager.At(s.Listener.Addr().String())
}
