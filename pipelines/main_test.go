package pipelines

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"argos/runner"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		runBroker(dir)
		return
	}
	slog.SetDefault(slog.New(runner.WithoutBeam(slog.NewTextHandler(os.Stderr, nil))))
	os.Exit(m.Run())
}

// cutsJobsOff keeps a test that ends jobs amid their work from the race detector: Prism closes the channel of its
// requests to a worker while a bundle may still send one (worker/worker.go:138 and worker/bundle.go:257 of 2.77.0; it
// catches the panic itself). Without the detector the test runs, and everything of ours in it runs under the detector
// elsewhere.
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
