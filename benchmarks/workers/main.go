// Command workers gives the same backlog, and then the same steady load, to one, two and four workers that share the
// partitions of an Apache Kafka: what sharing costs, and whether any work is done twice.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"argos"
	"argos/io/sqliteio"
)

type options struct {
	Fixes   int           `help:"Size of the backlog." default:"2000000"`
	Fleet   int           `help:"Trucks." default:"10000"`
	Rate    int           `help:"Steady load, fixes a second." default:"10000"`
	For     time.Duration `help:"How long the steady load is measured." default:"30s"`
	Workers []int         `help:"How many workers." default:"1,2,4,2,1"`
}

func (options) Help() string {
	return `Apache Kafka needs Java 17 and, the first time, Maven. CPU is that of the workers alone. The default goes up and down again, so
that a machine that grows busier shows.

Examples:
  go run ./benchmarks/workers
  go run ./benchmarks/workers --workers 1,2 --fixes 500000 --for 10s`
}

func main() {
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	var o options
	kong.Parse(&o, kong.Name("workers"), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "workers:", err)
		os.Exit(1)
	}
}

// figures are those of one number of workers.
type figures struct {
	drain, drainCPU      float64 // fixes/s; CPU-s per million
	steadyCPU            float64 // CPU-s per million
	refused, refusedIdle float64 // documents: of the drain, and of the steady load
}

func run(ctx context.Context, o options, to io.Writer) error {
	dir, err := os.MkdirTemp("", "argos-workers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's folder for such
	b := &bench{options: o, dir: dir, binary: filepath.Join(dir, "argos")}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "argos/cmd/argos").CombinedOutput(); err != nil {
		return fmt.Errorf("build argos: %w: %s", err, out)
	}
	defer b.end()
	if err := b.start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(
		to,
		"%d fixes of %d trucks, then %d fixes/s for %v; %d processors\n",
		o.Fixes,
		o.Fleet,
		o.Rate,
		o.For,
		runtime.NumCPU(),
	)
	fmt.Fprintf(
		to,
		"%-8s %14s %14s %10s %16s %10s\n",
		"workers",
		"drain",
		"CPU-s/M",
		"refused",
		"steady CPU-s/M",
		"refused",
	)
	for turn, n := range o.Workers {
		f, err := b.measure(ctx, turn, n)
		if ctx.Err() != nil {
			return errors.New("stopped")
		}
		if err != nil {
			return fmt.Errorf("%d workers: %w", n, err)
		}
		fmt.Fprintf(to, "%-8d %8.0f fixes/s %14.2f %10.0f %16.2f %10.0f\n",
			n, f.drain, f.drainCPU, f.refused, f.steadyCPU, f.refusedIdle)
	}
	return nil
}
