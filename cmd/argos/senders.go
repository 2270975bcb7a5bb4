package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"argos/ledger"
	"argos/sender"
)

// outbound is what every command that sends fixes is told.
type outbound struct {
	To     string `help:"The gateway, ws://HOST:PORT." default:"ws://127.0.0.1:8081"`
	Ledger string `help:"Append what became of each fix to this file, for argos audit." type:"path" placeholder:"FILE"`
}

type simulateCmd struct {
	outbound `embed:""`
	Trucks   int           `help:"Trucks of the fleet." default:"50"`
	Rate     float64       `help:"Fixes a second of each truck." default:"1"`
	Duration time.Duration `help:"Stop after so long; 0 runs until Ctrl-C." default:"0"`
	Seed     uint64        `help:"The same seed makes the same fleet." default:"1"`
}

func (simulateCmd) Help() string {
	return `Example:
  argos simulate --to ws://127.0.0.1:8081 --trucks 1000 --rate 1 --duration 5m --seed 7 --ledger fleet.ndjson`
}

// Validate is called by kong.
func (c *simulateCmd) Validate() error {
	return (&demoCmd{Trucks: c.Trucks, Rate: c.Rate, Speed: 1, Duration: c.Duration}).Validate()
}

func (c *simulateCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	return c.send(ctx, log, t, simulated(c.Trucks, c.Rate, 1, c.Seed), 1, c.Duration)
}

type replayCmd struct {
	outbound `embed:""`
	Trace    []string `arg:"" help:"Recorded drives, or folders of drives." type:"path"`
	Fixes    string   `help:"The file in a drive's folder." default:"fixes.csv"`
	Speed    float64  `help:"How many times faster than it was recorded." default:"1"`
}

func (replayCmd) Help() string {
	return `All drives start together. The stream is marked as recorded: no clock is judged.

Example:
  argos replay --to ws://127.0.0.1:8081 drives/ --speed 20 --ledger drives.ndjson`
}

// Validate is called by kong.
func (c *replayCmd) Validate() error {
	return (&demoCmd{Trucks: 1, Rate: 1, Speed: c.Speed}).Validate()
}

func (c *replayCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	f, err := recordings(c.Trace, c.Fixes, func(err error) { log.Warn("row not sent", "err", err) })
	if err != nil {
		return err
	}
	return c.send(ctx, log, t, f, c.Speed, 0)
}

// send plays a feed to the gateway and waits for the last acknowledgement.
func (o outbound) send(ctx context.Context, log *slog.Logger, t terminal, f feed, speed float64, duration time.Duration) (err error) {
	var w *ledger.Writer
	if o.Ledger != "" {
		if w, err = ledger.Open(o.Ledger); err != nil {
			return err
		}
		defer w.Close()
	}
	s, err := sender.New(context.WithoutCancel(ctx), sender.Config{
		URL: o.To, Recorded: f.recorded, Ledger: w, Run: time.Now().UTC().Format("20060102T150405.000Z"), Log: log,
	})
	if err != nil {
		return err
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
	shown, hide := context.WithCancel(playing)
	done := make(chan struct{})
	go func() { defer close(done); progress(shown, t.err, log, line) }()
	err = play(playing, f, speed, s)
	hide()
	<-done
	closing, cancelClose := context.WithTimeout(context.WithoutCancel(ctx), stopDeadline)
	defer cancelClose()
	if cerr := s.Close(closing); err == nil && cerr != nil {
		err = fmt.Errorf("wait for the last acknowledgements: %w", cerr)
	}
	fmt.Fprintln(t.err, line())
	return err
}
