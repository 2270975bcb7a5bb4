// Command soak runs the system for a long time as it is deployed, each role a process, under a steady load, and watches it: memory,
// processor, lag and latency go into a table and a plot; then it says whether memory was flat and lag steady, and audits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// config is what a soak is told.
type config struct {
	length time.Duration
	rate   int
	trucks int
	broker string // kafka or embedded
	out    string // folder for table, plot and logs
	every  time.Duration
}

func main() {
	if dir := os.Getenv(brokerDir); dir != "" {
		exit(serveBroker(dir))
	}
	var c config
	flag.DurationVar(&c.length, "for", 30*time.Minute, "how long the load lasts; Ctrl-C ends it before, with what there is")
	flag.IntVar(&c.rate, "rate", 10_000, "fixes a second, of the whole fleet")
	flag.IntVar(&c.trucks, "trucks", 1000, "trucks of the fleet")
	flag.StringVar(&c.broker, "broker", "kafka", "kafka: an Apache Kafka of its own (needs Java and, once, Maven); embedded: kfake as a process")
	flag.StringVar(&c.out, "out", "soak", "folder for soak.csv, soak.png, soak.svg and the logs of the processes")
	flag.DurationVar(&c.every, "every", 5*time.Second, "between two samples")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process, and with it all that it started
	exit(soak(ctx, c, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// errUnclean ends a soak whose own output has said what is wrong.
var errUnclean = errors.New("the soak has found something")

// soak runs the load until its time is over or ctx ends, and tells what it has seen.
func soak(ctx context.Context, c config, to io.Writer) (err error) {
	if c.rate < 1 || c.trucks < 1 || c.length <= 0 || c.every <= 0 {
		return errors.New("want a positive --rate, --trucks, --for and --every")
	}
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "argos-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data) //nolint:errcheck // it is in the system's folder for such
	s := &system{config: c, data: data}
	defer s.kill()
	// What starts and what comes after the load has its own time: a stop in mid-load is a stop of the load.
	if err := s.start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(to, "%d trucks, %d fixes/s, %v, on %s; %s\n", c.trucks, c.rate, c.length, s.log, filepath.Join(c.out, "soak.csv"))
	seen, failed := s.watch(ctx, to)
	if len(seen) == 0 {
		return failed
	}
	if err := writeTable(filepath.Join(c.out, "soak.csv"), seen); err != nil {
		return err
	}
	if err := plotAll(c.out, seen); err != nil {
		return err
	}
	good := judge(to, seen)
	clean := false
	if failed == nil {
		clean, failed = s.settle(context.WithoutCancel(ctx), to)
	}
	if failed == nil && (!good || !clean) {
		return errUnclean
	}
	return failed
}
