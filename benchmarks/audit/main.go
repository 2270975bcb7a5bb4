// Command audit shows what an audit costs as the log grows: a fleet's log, ledger and documents on an Apache Kafka,
// grown in steps; after each, argos audit reads all of it, and again only what is new. Its peak memory must follow
// the trucks and not the records.
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
	"syscall"
	"text/tabwriter"

	"argos"
	"argos/io/sqliteio"
	"argos/rig"

	"github.com/alecthomas/kong"
)

type options struct {
	Trucks int     `help:"Trucks of the fleet." default:"100000"`
	Rounds []int   `help:"Fixes of each truck after each step." default:"20,40,80"`
	Day    float64 `help:"Millions of fixes for which the slope is drawn out." default:"864"`
}

func (options) Help() string {
	return `Apache Kafka needs Java 17. The defaults write 8 million fixes and take some minutes.

Examples:
  go run ./benchmarks/audit
  go run ./benchmarks/audit --trucks 10000 --rounds 100,200,400`
}

func main() {
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	var o options
	kong.Parse(&o, kong.Name("audit"), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(1)
	}
}

// cost is what one audit took.
type cost struct {
	millions float64 // of records that it read
	mib      float64 // at its peak
	cpu      float64 // s
}

func run(ctx context.Context, o options, to io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "argos-audit-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "argos")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/argos").CombinedOutput(); err != nil {
		return fmt.Errorf("build argos: %w\n%s", err, out)
	}
	if err := os.Mkdir(filepath.Join(dir, "kafka"), 0o755); err != nil {
		return err
	}
	broker, err := rig.StartKafka(ctx, filepath.Join(dir, "kafka"), rig.KafkaConfig{})
	if err != nil {
		return err
	}
	defer broker.Kill()
	w, err := newWorld(ctx, dir, broker.Addr, o.Trucks)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "audit\trecords read, M\tpeak memory, MiB\tCPU-s\t")
	var whole []cost
	state := filepath.Join(dir, "state")
	for _, round := range o.Rounds {
		if err := w.grow(ctx, round); err != nil {
			return err
		}
		all, err := audited(ctx, w, binary)
		if err != nil {
			return err
		}
		rest, err := audited(ctx, w, binary, "--state", state)
		if err != nil {
			return err
		}
		whole = append(whole, all)
		fmt.Fprintf(table, "whole\t%.2f\t%.0f\t%.1f\t\n", all.millions, all.mib, all.cpu)
		fmt.Fprintf(table, "--state\t%.2f\t%.0f\t%.1f\t\n", rest.millions, rest.mib, rest.cpu)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	base, slope := line(whole)
	fmt.Fprintf(to, "memory: %.0f MiB and %.2f MiB a million records; at %.0f million: %.0f MiB\n",
		base, slope, o.Day, base+slope*o.Day)
	return nil
}

// audited runs the program's audit.
func audited(ctx context.Context, w *world, binary string, more ...string) (c cost, err error) {
	args := append([]string{"audit", "--ledger", w.ledgerPath, "--kafka", w.kafka, "--store", w.storeURI}, more...)
	cmd := exec.CommandContext(ctx, binary, args...)
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("%w\n%s", err, out)
	}
	r, err := reportOf(out)
	if err != nil {
		return c, err
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return c, errors.New("this system does not tell what a process used")
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return cost{millions: float64(r.InLog) / 1e6, mib: float64(used.Maxrss) / 1024, cpu: cpu.Seconds()}, nil
}

// line is the least squares line of memory over records.
func line(costs []cost) (base, slope float64) {
	var n, x, y, xx, xy float64
	for _, c := range costs {
		n, x, y, xx, xy = n+1, x+c.millions, y+c.mib, xx+c.millions*c.millions, xy+c.millions*c.mib
	}
	if d := n*xx - x*x; d != 0 {
		slope = (n*xy - x*y) / d
	}
	return (y - slope*x) / n, slope
}
