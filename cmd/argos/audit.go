package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"argos"
	"argos/audit"

	"github.com/prometheus/client_golang/prometheus"
)

type auditCmd struct {
	Ledger    string        `help:"The senders' ledger." type:"path"`
	NewLedger bool          `help:"The ledger is another file than the last audit's, on purpose."`
	Running   bool          `help:"The pipeline is at work: wait until it has stored what is pending."`
	Follow    bool          `help:"Audit again and again, and serve the verdict as metrics, until Ctrl-C."`
	Every     time.Duration `help:"The pause between two audits of --follow." default:"1m"`
	Admin     string        `help:"Address for /metrics, /healthz and /readyz of --follow." default:"127.0.0.1:9106"`

	audited `embed:""`
}

func (auditCmd) Help() string {
	return `Checks that every acknowledged fix of the ledger is in the topic, that every stored document is the fold of its truck's
log, and that what could not be read has its dead letter. Prints JSON. Exit code 1 unless nothing is wrong, everything
could be judged, and nothing is pending (with --running: and what was pending has been stored meanwhile).

With --state it reads only what is new since the last audit that found nothing wrong, and retention may take the rest.

Examples:
  argos audit --data-dir demo-data
  argos audit --ledger fleet.ndjson --kafka 127.0.0.1:9092 --store sqlite:trucks.db --running
  argos audit --ledger fleet.ndjson --kafka kafka:9092 --store mongodb://HOST/argos --running --state audit.state
  argos audit --ledger fleet.ndjson --kafka kafka:9092 --store mongodb://HOST/argos --state audit.state --follow`
}

// Validate is called by kong.
func (c *auditCmd) Validate() error {
	live := c.Ledger != "" && len(c.Kafka) > 0 && c.Store != ""
	switch {
	case c.DataDir != "" && (c.Ledger != "" || len(c.Kafka) > 0 || c.Store != "") || c.DataDir == "" && !live:
		return errors.New("give either --data-dir, or --ledger, --kafka and --store")
	case c.DataDir != "" && (c.Running || c.Follow):
		return errors.New("--data-dir is of a demo that was stopped: --running and --follow are of one at work")
	case c.Follow && c.State == "":
		return errors.New("--follow goes on from audit to audit: say where it keeps what is proven, by --state FILE")
	case c.Every <= 0:
		return fmt.Errorf("--every %v: must be above 0", c.Every)
	case c.NewLedger && c.State == "":
		return errors.New("--new-ledger is about the last audit's, which --state FILE holds")
	}
	return nil
}

func (c *auditCmd) Run(ctx context.Context, log *slog.Logger, t terminal) (err error) {
	from, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	if c.DataDir != "" {
		c.Ledger = from.ledger
	}
	cfg := audit.Config{
		Ledger: c.Ledger, NewLedger: c.NewLedger, Kafka: c.cluster(), Topic: argos.Topic, Store: from.store,
		State: c.State, Running: c.Running,
	}
	if c.Follow {
		return c.follow(ctx, log, t, cfg)
	}
	cfg.Progress = &audit.Progress{}
	hide := show(ctx, t, log, func() string { return readSoFar(cfg.Progress) })
	r, err := audit.Run(ctx, cfg)
	hide()
	if err != nil {
		return err
	}
	if err := printJSON(t.out, r); err != nil {
		return err
	}
	if !r.Clean() {
		return errUnclean
	}
	return nil
}

func readSoFar(p *audit.Progress) string {
	return fmt.Sprintf("%d ledger entries and %d of %d records read", p.Ledger.Load(), p.Log.Load(), p.End.Load())
}

// follow audits until ctx ends. Each verdict is printed; the log tells when it changes.
func (c *auditCmd) follow(ctx context.Context, log *slog.Logger, t terminal, cfg audit.Config) error {
	l, err := listen(ctx, c.Admin)
	if err != nil {
		return err
	}
	reg, m := prometheus.NewRegistry(), audit.NewMetrics()
	reg.MustRegister(m.Collectors()...)
	notYet := errors.New("no audit has come to its end yet")
	var last atomic.Pointer[error]
	last.Store(&notYet)
	ready := func(context.Context) error { return *last.Load() }
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var was string
		audit.Follow(ctx, cfg, c.Every, m, func(r *audit.Report, err error) {
			last.Store(&err)
			if err == nil {
				err = printJSON(t.out, r)
			}
			if now := verdict(r, err); now != was {
				was = now
				log.Info("the audit's verdict", "verdict", now)
			}
		})
	}()
	handler := admin{reg: reg, ready: ready}.handler()
	err = serveUntil(ctx, log, l, handler, "", admin{}, func() {
		log.Info("audits again and again", "every", c.Every, "metrics", fmt.Sprintf("http://%s/metrics", l.Addr()))
	})
	stop()
	<-ended
	return err
}

func verdict(r *audit.Report, err error) string {
	switch {
	case err != nil:
		return "none: " + err.Error()
	case r.Clean():
		return "clean"
	case len(r.Problems) > 0:
		return "not clean: " + r.Problems[0]
	}
	return "not clean"
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
