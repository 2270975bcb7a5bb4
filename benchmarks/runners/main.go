// Command runners gives one backlog and then one steady load to three ways of running the pipeline, one after the other on the same
// Apache Kafka: plain Go without Beam (native.go), Beam's local runner, and a Flink cluster of two task managers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"argos"
	"argos/io/sqliteio"
)

type options struct {
	Fixes  int           `help:"Size of the backlog." default:"1000000"`
	Fleet  int           `help:"Trucks, of the backlog and of the load." default:"2000"`
	Rate   int           `help:"Steady load, fixes a second." default:"5000"`
	For    time.Duration `help:"How long the steady load lasts." default:"60s"`
	Bundle time.Duration `help:"Flink's bundles." default:"20ms"`
	State  string        `help:"Where Flink keeps state: rocksdb or hashmap." enum:"rocksdb,hashmap" default:"rocksdb"`
	Only   []string      `help:"Only these of native, prism, flink." placeholder:"NAME"`
	JSON   string        `name:"json" help:"Write the figures to this file too." placeholder:"FILE"`
}

func (options) Help() string {
	return `Apache Kafka and Flink need Java 17 and, the first time, Maven. CPU is that of the pipeline's processes alone: on Flink those of the
task managers and their Go workers.

Examples:
  go run ./benchmarks/runners
  go run ./benchmarks/runners --only flink --state hashmap
  go run ./benchmarks/runners --fixes 200000 --for 15s --only native --only flink`
}

func main() {
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if len(os.Args) == 5 && os.Args[1] == nativeRole {
		exit(runNative(ctx, os.Args[2], os.Args[3], os.Args[4]))
	}
	var o options
	kong.Parse(&o, kong.Name("runners"), kong.UsageOnError())
	exit(run(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "runners:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// figures are those of one way. Times are in seconds.
type figures struct {
	Way        string  `json:"way"`
	Drain      float64 `json:"drain_fixes_per_s"`
	DrainCPU   float64 `json:"drain_cpu_s_per_million"`
	P50        float64 `json:"p50_ms"` // between the bounds of the histogram's buckets, so about
	P99        float64 `json:"p99_ms"`
	Cores      float64 `json:"cores_at_rate"`
	Recovery   float64 `json:"recovery_s"`       // from kill -9 until all that the log held then is stored
	Checkpoint []int64 `json:"checkpoint_bytes"` // one each 5 s of the steady load
	Failed     string  `json:"failed,omitempty"`
}

func run(ctx context.Context, o options, to io.Writer) error {
	dir, err := os.MkdirTemp("", "argos-runners-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's folder for such
	b := &bench{options: o, dir: dir, binary: filepath.Join(dir, "argos"), say: to}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "argos/cmd/argos").CombinedOutput(); err != nil {
		return fmt.Errorf("build argos: %w: %s", err, out)
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	defer b.end()
	var all []figures
	fmt.Fprintf(to, "%-8s %12s %10s %14s %6s %10s  %s\n", "way", "drain", "CPU-s/M", "p50 / p99 ms", "cores", "recovery", "checkpoints, bytes")
	for _, w := range b.ways() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, w.name) {
			continue
		}
		f, err := b.measure(ctx, w)
		if ctx.Err() != nil {
			return errors.New("stopped")
		}
		if f.Way = w.name; err != nil {
			f.Failed = err.Error()
		}
		all = append(all, f)
		fmt.Fprintf(to, "%-8s %8.0f f/s %10.1f %6.0f / %5.0f %6.2f %8.1f s  %v %s\n", f.Way, f.Drain, f.DrainCPU, f.P50, f.P99, f.Cores, f.Recovery, f.Checkpoint, f.Failed)
	}
	if o.JSON == "" {
		return nil
	}
	out, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.JSON, append(out, '\n'), 0o644)
}
