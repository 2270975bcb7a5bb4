package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/audit"
	"argos/gateway"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
	"argos/ledger"
	"argos/pipelines"
	"argos/sender"
	"argos/web"
)

type demoCmd struct {
	Trace    []string      `help:"A recorded drive, or a folder of drives, instead of the simulator; repeatable." type:"path" placeholder:"FILE|DIR"`
	Fixes    string        `help:"The file in a drive's folder." default:"fixes.csv"`
	Trucks   int           `help:"Simulated trucks." default:"50"`
	Rate     float64       `help:"Fixes a second of each simulated truck." default:"1"`
	Speed    float64       `help:"How many times faster than real time." default:"1"`
	Duration time.Duration `help:"Stop, drain and audit after so long; 0 runs until Ctrl-C." default:"0"`
	DataDir  string        `help:"Where log, documents and ledger live; a temporary folder unless given." type:"path"`
	Listen   string        `help:"Address for devices, the API and the page." default:"127.0.0.1:8080"`
	Kafka    string        `help:"Use these Kafka brokers instead of the embedded one."`
	Seed     uint64        `help:"Of the simulator." default:"1"`
	Report   string        `help:"Write the audit as JSON to this file; - is standard output." placeholder:"FILE|-"`
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
	return nil
}

func (c *demoCmd) Run(ctx context.Context, log *slog.Logger, t terminal) (err error) {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	f, err := c.feed(log)
	if err != nil {
		return err
	}
	dir, err := openDataDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.close()) }()

	d := &demo{cmd: c, log: log, term: t, feed: f, dir: dir, listener: l, reg: prometheus.NewRegistry()}
	defer d.close()
	if err := d.start(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := d.play(ctx); err != nil {
		return err
	}
	// What was asked for has happened; from here on a stop has its own deadline.
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	took := time.Since(began)
	if err := d.drain(draining); err != nil {
		return err
	}
	if c.Duration == 0 && c.Report == "" {
		return nil
	}
	r, err := examine(draining, audit.Config{Ledger: dir.ledger(), Brokers: strings.Split(d.brokers, ","), Topic: argos.Topic, Store: d.store}, f)
	if err != nil {
		return err
	}
	s := d.live.Stats()
	r.LatencyMs, r.FixesPerSec = quantiles{P50: ms(s.P50), P99: ms(s.P99)}, float64(s.Records)/took.Seconds()
	if err := r.write(c.Report, t, took); err != nil {
		return err
	}
	if !r.Clean() || r.Pending > 0 {
		return errUnclean
	}
	return nil
}

func (c *demoCmd) feed(log *slog.Logger) (feed, error) {
	if len(c.Trace) == 0 {
		return simulated(c.Trucks, c.Rate, c.Speed, c.Seed), nil
	}
	return recordings(c.Trace, c.Fixes, func(err error) { log.Warn("row not sent", "err", err) })
}

// demo is the whole system in one process.
type demo struct {
	cmd      *demoCmd
	log      *slog.Logger
	term     terminal
	feed     feed
	dir      *dataDir
	listener net.Listener
	reg      *prometheus.Registry

	brokers string
	broker  *kfakeio.Broker // nil with --kafka
	store   argos.Store
	live    *pipelines.Live
	gateway *gateway.Gateway
	web     *web.Server
	server  *http.Server
	ledger  *ledger.Writer
	sent    *sender.Sender
}

func (d *demo) start(ctx context.Context) (err error) {
	if d.brokers = d.cmd.Kafka; d.brokers == "" {
		if d.broker, err = kfakeio.Start(kfakeio.Config{Dir: d.dir.log(), Log: d.log}); err != nil {
			return err
		}
		d.brokers = d.broker.Addr()
	} else if err = ensureTopics(ctx, d.brokers, kfakeio.DefaultPartitions); err != nil {
		return err
	}
	if d.store, err = argos.Process.Open(ctx, d.dir.store()); err != nil {
		return err
	}
	if d.ledger, err = ledger.Open(d.dir.ledger()); err != nil {
		return err
	}
	if d.live, err = pipelines.Start(context.WithoutCancel(ctx), pipelines.Config{Brokers: strings.Split(d.brokers, ","), StoreURI: d.dir.store(), Log: d.log}); err != nil {
		return err
	}
	if d.gateway, err = gateway.New(ctx, gateway.Config{Kafka: d.brokers, Registerer: d.reg, Log: d.log}); err != nil {
		return err
	}
	d.web = web.New(web.Config{Store: d.store, Registerer: d.reg, Log: d.log})
	mux := http.NewServeMux()
	mux.Handle("/", d.web.Handler())
	mux.Handle("/v1/stream", d.gateway.Handler())
	mux.Handle("/v1/fixes", d.gateway.Handler())
	operator := admin{reg: d.reg, ready: d.store.Ping}.handler()
	mux.Handle("/metrics", operator)
	mux.Handle("/debug/pprof/", operator)
	d.server = server(mux, d.log)
	go d.server.Serve(d.listener) //nolint:errcheck // it ends with close
	d.sent, err = sender.New(context.WithoutCancel(ctx), sender.Config{
		URL: "ws://" + d.listener.Addr().String() + "/v1/stream", Recorded: d.feed.recorded,
		Ledger: d.ledger, Run: time.Now().UTC().Format("20060102T150405.000Z"), Log: d.log, Registerer: d.reg,
	})
	return err
}

// play feeds the fleet until the duration, the recordings or ctx end. Without a duration the page stays after the last
// fix, until Ctrl-C.
func (d *demo) play(ctx context.Context) error {
	fmt.Fprintf(d.term.err, "%d trucks on http://%s/  (embedded Kafka-protocol broker, embedded SQLite; data in %s; Ctrl-C stops)\n",
		d.feed.trucks, d.listener.Addr(), d.dir.path)
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
	return err
}

func (d *demo) line() string {
	s, p := d.sent.Stats(), d.live.Stats()
	return fmt.Sprintf("sent %d  acked %d  refused %d  stored %d  p50 %.0f ms  p99 %.0f ms", s.Sent, s.Acked, s.Refused, p.Records, ms(p.P50), ms(p.P99))
}

// drain takes the fleet off, and waits until all that the log holds is stored.
func (d *demo) drain(ctx context.Context) error {
	if err := d.sent.Close(ctx); err != nil {
		return fmt.Errorf("wait for the last acknowledgements: %w", err)
	}
	if err := d.ledger.Close(); err != nil {
		return err
	}
	if err := d.gateway.Close(ctx); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	ranges, err := kafkaio.Offsets(ctx, strings.Split(d.brokers, ","), argos.Topic)
	if err != nil {
		return err
	}
	ends := make([]int64, len(ranges))
	for p, r := range ranges {
		ends[p] = r.Last
	}
	if err := d.live.WaitFor(ctx, ends); err != nil {
		return err
	}
	return d.live.Stop(ctx)
}

// close stops what was started, in the order of the data's way, without waiting for what drain has not seen through.
func (d *demo) close() {
	gone, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if d.sent != nil {
		d.sent.Close(gone) //nolint:errcheck // after drain it has nothing to say
	}
	if d.gateway != nil {
		d.gateway.Close(gone) //nolint:errcheck // as above
	}
	if d.server != nil {
		d.server.Close()
	}
	if d.web != nil {
		d.web.Close()
	}
	if d.live != nil {
		if err := d.live.Stop(gone); err != nil {
			d.log.Warn("the pipeline did not stop cleanly; the next start resumes it", "err", err)
		}
	}
	if d.ledger != nil {
		d.ledger.Close() //nolint:errcheck // as above
	}
	if d.store != nil {
		d.store.Close() //nolint:errcheck // as above
	}
	if d.broker != nil {
		d.broker.Close()
	}
}
