package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos/ledger"
	"argos/sender"
	"argos/sim"
)

// outbound is what every command that sends fixes is told.
type outbound struct {
	To     string `help:"The gateway, ws://HOST:PORT." default:"ws://127.0.0.1:8081"`
	Ledger string `help:"Append what became of each fix to this file, for argos audit." type:"path" placeholder:"FILE"`
	Admin  string `help:"Address for /metrics, /healthz, /readyz and pprof; none unless given." placeholder:"HOST:PORT"`
}

type simulateCmd struct {
	outbound  `embed:""`
	Trucks    int           `help:"Trucks of the fleet." default:"50"`
	Rate      float64       `help:"Fixes a second of each truck." default:"1"`
	Reporting string        `help:"rate, as --rate says; mixed, each once in 1 to 300 s, not at night." enum:"rate,mixed" default:"rate"`
	Duration  time.Duration `help:"Stop after so long; 0 runs until Ctrl-C." default:"0"`
	Seed      uint64        `help:"The same seed makes the same fleet." default:"1"`
}

func (simulateCmd) Help() string {
	return `Examples:
  argos simulate --to ws://127.0.0.1:8081 --trucks 1000 --rate 1 --duration 5m --seed 7 --ledger fleet.ndjson
  argos simulate --trucks 5000 --reporting mixed     as real fleets report: once in 1, 5, 10, 30, 60 or 300 s`
}

// Validate is called by kong.
func (c *simulateCmd) Validate() error {
	return (&demoCmd{Trucks: c.Trucks, Rate: c.Rate, Speed: 1, Duration: c.Duration}).Validate()
}

func (c *simulateCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	fleet := sim.Config{Trucks: c.Trucks, RateHz: c.Rate, Seed: c.Seed, Mixed: c.Reporting == "mixed"}
	return c.send(ctx, log, t, simulated(fleet, 1), 1, c.Duration)
}

type replayCmd struct {
	outbound `embed:""`
	Trace    []string `arg:"" help:"Recorded drives (${formats}), or folders of drives." type:"path"`
	recorded `embed:""`
	Speed    float64 `help:"How many times faster than it was recorded." default:"1"`
}

func (replayCmd) Help() string {
	return `All drives start together. The stream is marked as recorded: no clock is judged. A file that names its trucks
itself is sent under those names.

Examples:
  argos replay --to ws://127.0.0.1:8081 drives/ --speed 20 --ledger drives.ndjson
  argos replay --to ws://127.0.0.1:8081 receiver.nmea ride.gpx`
}

// Validate is called by kong.
func (c *replayCmd) Validate() error {
	return (&demoCmd{Trucks: 1, Rate: 1, Speed: c.Speed, recorded: c.recorded}).Validate()
}

func (c *replayCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	f, err := recordings(c.Trace, c.recorded, t.err)
	if err != nil {
		return err
	}
	return c.send(ctx, log, t, f, c.Speed, 0)
}

// send plays a feed to the gateway and waits for the last acknowledgement.
func (o outbound) send(
	ctx context.Context,
	log *slog.Logger,
	t terminal,
	f feed,
	speed float64,
	duration time.Duration,
) (err error) {
	var w *ledger.Writer
	if o.Ledger != "" {
		if w, err = ledger.Open(o.Ledger); err != nil {
			return err
		}
		defer w.Close()
	}
	reg := prometheus.NewRegistry()
	s, err := sender.New(context.WithoutCancel(ctx), sender.Config{
		URL: o.To, Recorded: f.recorded, Ledger: w, Run: time.Now().UTC().Format("20060102T150405.000Z"), Log: log, Registerer: reg,
	})
	if err != nil {
		return err
	}
	if o.Admin != "" {
		l, err := listen(ctx, o.Admin)
		if err != nil {
			return errors.Join(err, s.Close(ctx))
		}
		defer l.Close()
		go server(admin{reg: reg, ready: s.Ready}.handler(), log).Serve(l) //nolint:errcheck // closed above
	}
	line := func() string {
		x := s.Stats()
		return fmt.Sprintf("sent %d  acked %d  refused %d  reconnects %d", x.Sent, x.Acked, x.Refused, x.Reconnects)
	}
	playing, cancel := ctx, context.CancelFunc(func() {})
	if duration > 0 {
		playing, cancel = context.WithTimeout(ctx, duration)
	}
	defer cancel()
	hide := show(playing, t, log, line)
	err = play(playing, f, speed, s)
	hide()
	if cerr := settle(ctx, log, t, s, lastAcks); err == nil && cerr != nil {
		err = fmt.Errorf("wait for the last acknowledgements: %w", cerr)
	}
	fmt.Fprintln(t.err, line())
	return err
}

// patience is how long a sender waits for its last acknowledgements: in all after it was asked to stop, and otherwise
// for the next one, for a broker or a gateway that is down may come back.
type patience struct{ stopped, still time.Duration }

var lastAcks = patience{stopped: stopDeadline, still: time.Minute}

// settle closes the sender when all is answered for, or its patience ends; a stop that is asked for meanwhile ends it
// at once.
func settle(ctx context.Context, log *slog.Logger, t terminal, s *sender.Sender, p patience) error {
	if ctx.Err() != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.stopped)
		defer cancel()
		return s.Close(closing)
	}
	closing, cancel := context.WithCancel(ctx)
	defer cancel()
	open := func() int64 { x := s.Stats(); return x.Sent - x.Acked - x.Refused }
	hide := show(closing, t, log, func() string {
		return fmt.Sprintf("all is sent; waiting for the gateway to answer for %d fixes (Ctrl-C gives them up)", open())
	})
	defer hide()
	done := make(chan error, 1)
	go func() { done <- s.Close(closing) }()
	for last := open(); ; {
		select {
		case err := <-done:
			return err
		case <-time.After(p.still):
			now := open()
			if now == last {
				cancel()
			}
			last = now
		}
	}
}

// show runs progress until ctx ends or it is hidden.
func show(ctx context.Context, t terminal, log *slog.Logger, line func() string) (hide func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); progress(ctx, t.err, log, line) }()
	return func() { cancel(); <-done }
}
