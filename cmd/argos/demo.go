package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/audit"
	"argos/sim"
)

type demoCmd struct {
	Trace    []string `help:"A recorded drive (${formats}), or a folder of drives, instead of the simulator; repeatable." type:"path" placeholder:"FILE|DIR"`
	recorded `embed:""`
	Trucks   int           `help:"Simulated trucks." default:"50"`
	Rate     float64       `help:"Fixes a second of each simulated truck." default:"1"`
	Speed    float64       `help:"How many times faster than real time." default:"1"`
	Duration time.Duration `help:"Stop, drain and audit after so long; 0 runs until Ctrl-C." default:"0"`
	DataDir  string        `help:"Where log, documents and ledger live; a temporary folder unless given." type:"path"`
	Listen   string        `help:"Address for devices, the API and the page." default:"127.0.0.1:8080"`
	Shards   string        `help:"Keys of the pipeline's stateful step, as in argos pipeline." default:"auto"`
	Seed     uint64        `help:"Of the simulator." default:"1"`
	Report   string        `help:"Write the audit as JSON to this file; - is standard output." placeholder:"FILE|-"`

	tracksMemory `embed:""`
	kafkaFlags   `embed:"" set:"kafka="` // instead of the embedded broker
}

func (demoCmd) Help() string {
	return `Runs broker, gateway, pipeline, store, API and page in one process, and a fleet of senders against them over loopback.

Examples:
  argos demo                                         open the page that it names
  argos demo --trace drives/ --speed 20 --duration 40s --report -
  argos demo --trucks 1000 --data-dir demo-data      go on with the same data after a stop, or after kill -9
  argos audit --data-dir demo-data                   and prove it`
}

// Validate is called by kong.
func (c *demoCmd) Validate() error {
	switch {
	case c.Trucks < 1 || c.Trucks > 100_000:
		return fmt.Errorf("--trucks %d: 1 to 100000 can be simulated", c.Trucks)
	case !(c.Rate > 0 && c.Rate <= 100):
		return fmt.Errorf("--rate %v: above 0 and at most 100 fixes a second", c.Rate)
	case !(c.Speed > 0 && c.Speed <= 10_000):
		return fmt.Errorf("--speed %v: above 0 and at most 10000", c.Speed)
	case c.Duration < 0:
		return fmt.Errorf("--duration %v is negative", c.Duration)
	}
	return errors.Join(c.check(), c.recorded.Validate())
}

func (c *demoCmd) Run(ctx context.Context, log *slog.Logger, t terminal) (err error) {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := writable(c.Report); err != nil {
		return err
	}
	shards, err := parseShards(c.Shards)
	if err != nil {
		return err
	}
	f, err := c.feed(t)
	if err != nil {
		return err
	}
	dir, err := openDataDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.close()) }()

	d := &demo{cmd: c, shards: shards, log: log, term: t, feed: f, dir: dir, listener: l, reg: prometheus.NewRegistry()}
	defer d.close()
	if err := d.start(ctx); err != nil {
		return err
	}
	began := time.Now()
	played := d.play(ctx)
	// What was asked for has happened; from here on a stop has its own deadline.
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	failed := errors.Join(played, d.drain(draining))
	took := time.Since(began)
	if c.Duration == 0 && c.Report == "" {
		if failed == nil {
			fmt.Fprintf(t.err, "stopped; all is stored: %s\n", d.line())
		}
		return failed
	}
	// A run that failed is examined all the more.
	r, err := examine(
		draining,
		audit.Config{Ledger: dir.ledger(), Kafka: d.kafka, Topic: argos.Topic, Store: d.store},
		f,
	)
	if err != nil {
		return errors.Join(failed, err)
	}
	s := d.live.Stats()
	r.LatencyMs, r.FixesPerSec = quantiles{P50: ms(s.P50), P99: ms(s.P99)}, float64(s.Records)/took.Seconds()
	if err := errors.Join(failed, r.write(c.Report, t, took)); err != nil {
		return err
	}
	if !r.Clean() || r.Pending > 0 {
		return errUnclean
	}
	return nil
}

func (c *demoCmd) feed(t terminal) (feed, error) {
	if len(c.Trace) == 0 {
		return simulated(sim.Config{Trucks: c.Trucks, RateHz: c.Rate, Seed: c.Seed}, c.Speed), nil
	}
	return recordings(c.Trace, c.recorded, t.err)
}

// play feeds the fleet until the duration, the recordings or ctx end. Without a duration the page stays after the last
// fix, until Ctrl-C.
func (d *demo) play(ctx context.Context) error {
	log := "an embedded Kafka-protocol broker"
	if d.broker == nil {
		log = "Kafka at " + d.kafka.String()
	}
	fmt.Fprintf(d.term.err, "%d trucks on http://%s/  (%s, embedded SQLite; data in %s; Ctrl-C stops)\n",
		d.feed.trucks, d.listener.Addr(), log, d.dir.path)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	defer func() { stop(); <-ended }()
	go func() {
		defer close(ended)
		select {
		case <-d.live.Done():
			stop()
		case <-ctx.Done():
		}
	}()
	if d.cmd.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cmd.Duration)
		defer cancel()
	}
	shown, hide := context.WithCancel(ctx)
	defer hide()
	var g errgroup.Group
	g.Go(func() error { progress(shown, d.term.err, d.log, d.line); return nil })
	err := play(ctx, d.feed, d.cmd.Speed, d.sent)
	if err == nil && d.cmd.Duration == 0 {
		<-ctx.Done()
	}
	hide()
	g.Wait() //nolint:errcheck // progress has no errors
	select {
	case <-d.live.Done():
		return errors.Join(err, fmt.Errorf("the pipeline gave up: %w", d.live.Err()))
	default:
		return err
	}
}

func (d *demo) line() string {
	s, p := d.sent.Stats(), d.live.Stats()
	return fmt.Sprintf(
		"sent %d  acked %d  refused %d  stored %d  p50 %.0f ms  p99 %.0f ms",
		s.Sent,
		s.Acked,
		s.Refused,
		p.Records,
		ms(p.P50),
		ms(p.P99),
	)
}
