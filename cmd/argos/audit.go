package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"argos"
	"argos/audit"
	"argos/io/kfakeio"
)

type auditCmd struct {
	Ledger  string `help:"The senders' ledger." type:"path"`
	Store   string `help:"Where the documents live, such as sqlite:trucks.db or mongodb://HOST/argos."`
	DataDir string `help:"A stopped demo's data directory, instead of ledger, Kafka and store." type:"path"`

	kafkaFlags `embed:"" set:"kafka="`
}

func (auditCmd) Help() string {
	return `Checks that every acknowledged entry of the ledger is in the topic, and that every stored document equals, field by field, the
fold of its truck's log. Prints JSON. Exit code 1 unless lost, diverged and unauditable are 0.

Examples:
  argos audit --data-dir demo-data
  argos audit --ledger fleet.ndjson --kafka 127.0.0.1:9092 --store sqlite:trucks.db`
}

// Validate is called by kong.
func (c *auditCmd) Validate() error {
	live := c.Ledger != "" && len(c.Kafka) > 0 && c.Store != ""
	if c.DataDir != "" && (c.Ledger != "" || len(c.Kafka) > 0 || c.Store != "") || c.DataDir == "" && !live {
		return errors.New("give either --data-dir, or --ledger, --kafka and --store")
	}
	return nil
}

func (c *auditCmd) Run(ctx context.Context, log *slog.Logger, t terminal) (err error) {
	if c.DataDir != "" {
		dir, derr := existingDataDir(c.DataDir)
		if derr != nil {
			return derr
		}
		defer func() { err = errors.Join(err, dir.close()) }()
		broker, err := kfakeio.Start(kfakeio.Config{Dir: dir.log(), Log: log})
		if err != nil {
			return err
		}
		defer broker.Close()
		c.Ledger, c.Store, c.kafkaFlags = dir.ledger(), dir.store(), kafkaFlags{Kafka: []string{broker.Addr()}}
	}
	if path, local := strings.CutPrefix(c.Store, "sqlite:"); local {
		if _, err := os.Stat(path); err != nil && c.DataDir == "" {
			return fmt.Errorf("no store to audit: %w", err)
		}
	}
	store, err := argos.Process.Open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer store.Close()
	r, err := audit.Run(ctx, audit.Config{Ledger: c.Ledger, Kafka: c.cluster(), Topic: argos.Topic, Store: store})
	if err != nil {
		return err
	}
	if r.Sent == 0 {
		log.Warn("the ledger is empty, so nothing is proven of delivery")
	}
	if err := printJSON(t.out, r); err != nil {
		return err
	}
	if !r.Clean() {
		return errUnclean
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
