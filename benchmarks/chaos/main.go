// Command chaos runs the system as it is deployed, each role a process of the real binary, under a steady load, and does to its parts what
// happens to parts: one row a fault. After each it audits: nothing that was acked may be lost, and no document may differ from its log.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options are what a run is told.
type options struct {
	Only  []string      `help:"Only the rows of these names, or whose names begin so, such as flink; --list shows them." placeholder:"NAME"`
	List  bool          `help:"Name the rows and what each does, and end."`
	Short bool          `help:"One row of each kind, and a minute of random faults, 5 minutes in all; one that the machine can't run is not ok."`
	JSON  string        `name:"json" help:"Write the rows to this file too, - for standard output alone." placeholder:"FILE"`
	For   time.Duration `help:"How long the random faults last; 1m with --short." default:"10m"`
	Seed  uint64        `help:"Of the random faults; 0 takes one and prints it."`
	Rate  int           `help:"Fixes a second." default:"10000"`
	Fleet int           `help:"Trucks." default:"1000"`
}

func (options) Help() string {
	return `Apache Kafka needs Java 17 and, the first time, Maven; small disks need the right to mount. A row that the machine can't run is named.

Examples:
  go run ./benchmarks/chaos --only kafka-kill --only pipeline-down15
  go run ./benchmarks/chaos --json chaos.json`
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == brokerRole {
		exit(serveBroker(os.Args[2], os.Args[3]))
	}
	var o options
	kong.Parse(&o, kong.Name("chaos"), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process, and with it all that it started
	exit(run(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// errFound ends a run whose own table has said what is wrong.
var errFound = errors.New("a row is not ok")

func run(ctx context.Context, o options, to io.Writer) error {
	if o.Seed == 0 {
		o.Seed = rand.Uint64N(1 << 32)
	}
	if o.Short {
		o.For = min(o.For, time.Minute)
	}
	rows, err := chosen(o)
	if err != nil {
		return err
	}
	if o.List {
		for _, r := range rows {
			fmt.Fprintf(to, "%-24s %s\n", r.name, r.what)
		}
		return nil
	}
	if o.JSON == "-" {
		to = os.Stderr
	}
	dir, err := os.MkdirTemp("", "argos-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's folder for such
	binary := filepath.Join(dir, "argos")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "argos/cmd/argos").CombinedOutput(); err != nil {
		return fmt.Errorf("build argos: %w: %s", err, out)
	}
	report := report{Trucks: o.Fleet, Rate: o.Rate, Seed: o.Seed}
	fmt.Fprintf(to, "%d rows, %d trucks, %d fixes/s, seed %d\n%s\n", len(rows), o.Fleet, o.Rate, o.Seed, head)
	for i, r := range rows {
		data := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(data, 0o755); err != nil {
			return err
		}
		res := r.play(ctx, &system{options: o, dir: data, binary: binary})
		if ctx.Err() != nil {
			return fmt.Errorf("stopped in row %s", r.name)
		}
		report.Rows = append(report.Rows, res)
		fmt.Fprintln(to, res.line())
		os.RemoveAll(data) //nolint:errcheck // as above
	}
	if o.JSON != "" {
		if err := report.write(o.JSON); err != nil {
			return err
		}
	}
	if !report.good(to, o.Short) {
		return errFound
	}
	return nil
}

// chosen are the rows that the options ask for.
func chosen(o options) (rows []row, err error) {
	all := matrix(o)
	if len(o.Only) == 0 {
		for _, r := range all {
			if r.short || !o.Short {
				rows = append(rows, r)
			}
		}
		return rows, nil
	}
	for _, name := range o.Only {
		found := false
		for _, r := range all {
			if r.name == name || strings.HasPrefix(r.name, name+"-") {
				rows, found = append(rows, r), true
			}
		}
		if !found {
			names := make([]string, len(all))
			for i := range all {
				names[i] = all[i].name
			}
			return nil, fmt.Errorf("no row is called %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return rows, nil
}
