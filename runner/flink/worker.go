package flink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"

	"argos/runner"
)

// A runner starts a worker by its path alone and flags of Beam's own; what else the submitter has to say is in the environment.
const (
	// WorkerBuild makes this program a worker: it is the build that has submitted the job.
	WorkerBuild = "ARGOS_WORKER_BUILD"
	// WorkerAdmin is the address of a worker's /metrics.
	WorkerAdmin = "ARGOS_WORKER_ADMIN"
)

// ExitBuild is how a worker ends that is of another build than its job.
const ExitBuild = 78

// ErrBuild says that a worker is of another build than its job: what the two send each other need not mean the same.
var ErrBuild = errors.New("the worker is of another build than the job")

// Work serves a runner that has started this process as its worker, until the runner ends it. It stages nothing and copies nothing:
// the program is there.
func Work(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("worker", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	id := f.String("id", "", "")
	provision := f.String("provision_endpoint", "", "")
	logging := f.String("logging_endpoint", "", "")
	control := f.String("control_endpoint", "", "")
	f.String("artifact_endpoint", "", "")
	f.String("semi_persist_dir", "", "")
	if err := f.Parse(args); err != nil {
		return fmt.Errorf("a Beam worker's flags: %w", err)
	}
	ctx = grpcx.WriteWorkerID(ctx, *id)
	info, err := tools.ProvisionInfo(ctx, *provision)
	if err != nil {
		return fmt.Errorf("ask the runner at %q what to do: %w", *provision, err)
	}
	if *logging == "" {
		*logging = info.GetLoggingEndpoint().GetUrl()
	}
	if *control == "" {
		*control = info.GetControlEndpoint().GetUrl()
	}
	if want := os.Getenv(WorkerBuild); want != build() {
		return fmt.Errorf("%w: it is %s, and %s has submitted the job", ErrBuild, build(), want)
	}
	beam.Init()
	slog.SetDefault(slog.New(runner.WithoutBeam(toRunner{}))) // Init has put one of its own there
	err = harness.MainWithOptions(ctx, *logging, *control, harness.Options{
		StatusEndpoint: info.GetStatusEndpoint().GetUrl(), RunnerCapabilities: info.GetRunnerCapabilities(),
	})
	if err != nil {
		return fmt.Errorf("serve the runner: %w", err)
	}
	return nil
}

// build names this program's build: the version that Go has stamped it with, or else, as for one of a tree with changes, what its file holds.
var build = sync.OnceValue(func() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" && !strings.HasSuffix(b.Main.Version, "+dirty") {
		return b.Main.Version
	}
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
})

// toRunner logs to the runner, which has a log for all of a task manager's workers.
type toRunner struct{ attrs string }

func (toRunner) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func (h toRunner) Handle(ctx context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
	severity := log.SevInfo
	switch {
	case r.Level >= slog.LevelError:
		severity = log.SevError
	case r.Level >= slog.LevelWarn:
		severity = log.SevWarn
	}
	log.Output(ctx, severity, 1, b.String())
	return nil
}

func (h toRunner) WithAttrs(as []slog.Attr) slog.Handler {
	for _, a := range as {
		h.attrs += fmt.Sprintf(" %s=%v", a.Key, a.Value)
	}
	return h
}

func (h toRunner) WithGroup(string) slog.Handler { return h } // nobody here has groups
