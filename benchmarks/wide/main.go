// Command wide measures fleets of many trucks, each of which reports seldom: the whole demo under such loads, and what
// a backlog costs in which each fix is of another truck, by the store and by the memory that the tracks may take.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	For     time.Duration `help:"How long a demo lasts." default:"60s"`
	Trucks  int           `help:"Trucks of the wide backlog, with two fixes each." default:"1000000"`
	Fixes   int           `help:"Fixes of the usual backlog, of 10,000 trucks." default:"1000000"`
	Only    []string      `help:"Only rows whose name has one of these in it." placeholder:"NAME"`
	Binary  string        `help:"Of argos, for the demos; built from this tree unless given." type:"existingfile" placeholder:"FILE"`
	Profile string        `help:"Write processor profiles of the drains into this folder." type:"existingdir" placeholder:"DIR"`
}

func (options) Help() string {
	return `Rows: demo 50000 x 1 Hz, demo 10000 x 1 Hz, demo 50 x 1 Hz, drain null, drain sqlite, drain wide null,
drain wide sqlite, memory. The processor time of a demo is that of the whole system, from its tenth second to its last;
that of a drain is the pipeline's alone, for the broker is a process of its own. On a machine with other work take
processor time before times by the clock.

Examples:
  go run ./benchmarks/wide
  go run ./benchmarks/wide --only 'demo 50'
  go run ./benchmarks/wide --only memory --trucks 200000`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case brokerRole:
			exit(runBroker(ctx, os.Args[2:]))
		case drainRole:
			exit(runDrain(ctx, os.Args[2:]))
		}
	}
	var o options
	kong.Parse(&o, kong.Name("wide"), kong.UsageOnError())
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wide:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (o options) wants(row string) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(s string) bool { return strings.Contains(row, s) })
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "argos-wide-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's folder for such
	fmt.Println(machine())
	if err = o.demos(ctx, dir); err == nil {
		err = o.drains(ctx, dir)
	}
	if ctx.Err() != nil {
		return errors.New("stopped")
	}
	return err
}

// table prints rows as they come.
func table(head string) *tabwriter.Writer {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	return w
}

// machine is what the figures were measured on, and how busy it was.
func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := ""
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		memory = strings.Join(strings.Fields(strings.SplitN(string(b), "\n", 2)[0])[1:], " ")
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	loads := strings.Fields(string(load))
	return fmt.Sprintf("%d x %s, %s, %s %s/%s, load average %s", runtime.NumCPU(), model, memory,
		runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(loads[:min(3, len(loads))], " "))
}

func named(dir, name string) string { return filepath.Join(dir, strings.ReplaceAll(name, " ", "-")) }
