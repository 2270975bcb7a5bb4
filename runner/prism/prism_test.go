package prism

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos/runner"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(runner.WithoutBeam(slog.NewTextHandler(os.Stderr, nil))))
	os.Exit(m.Run())
}

func init() {
	register.DoFn2x1[context.Context, []byte, error](&failFn{})
	register.DoFn2x1[context.Context, []byte, error](&hangFn{})
}

type failFn struct{}

func (*failFn) ProcessElement(context.Context, []byte) error { return errors.New("on purpose") }

type hangFn struct{ File string }

func (f *hangFn) ProcessElement(ctx context.Context, _ []byte) error {
	if err := os.WriteFile(f.File, nil, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestPrismTellsWhyAJobFailed(t *testing.T) {
	p, s := beam.NewPipelineWithRoot()
	beam.ParDo0(s, &failFn{}, beam.Impulse(s))
	if err := Run(t.Context(), t.Name(), p, NoSplit); err == nil || !strings.Contains(err.Error(), "on purpose") {
		t.Errorf("got %v", err)
	}
}

// A cancelled job ends at once, though a function hangs, and leaves neither goroutines nor files behind.
func TestPrismCancels(t *testing.T) {
	cutsJobsOff(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	cancelled := func() {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		started := filepath.Join(t.TempDir(), "started")
		p, s := beam.NewPipelineWithRoot()
		beam.ParDo0(s, &hangFn{File: started}, beam.Impulse(s))
		ended := make(chan error, 1)
		go func() { ended <- Run(ctx, t.Name(), p, NoSplit) }()
		eventually(t, "the function runs", func() bool { _, err := os.Stat(started); return err == nil })
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the job does not end")
		}
	}
	cancelled() // what Prism's server starts once stays
	before := runtime.NumGoroutine()
	for range 20 {
		cancelled()
	}
	// Beam's harness may deadlock two of a job's goroutines as it is cut off, rarely (harness/datamgr.go:139 and :493 of 2.77.0). A
	// job that was left running would have ten times as many.
	eventually(t, "the jobs' goroutines end", func() bool { return runtime.NumGoroutine() < before+30 })
	if files, _ := os.ReadDir(temp); len(files) > 0 {
		t.Errorf("files are left: %v", files)
	}
}

// cutsJobsOff keeps a test that ends jobs amid their work from the race detector: Prism closes the channel of its requests to a
// worker while a bundle may still send one (worker/worker.go:138 and worker/bundle.go:257 of 2.77.0; it catches the panic itself).
// Without the detector the test runs, and everything of ours in it runs under the detector elsewhere.
func cutsJobsOff(t *testing.T) {
	if raceDetector {
		t.Skip("a job is cut off, which races inside Beam's harness")
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
