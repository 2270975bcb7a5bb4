package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"argos"
	"argos/io/kfakeio"
)

// audited is what an audit, or an explanation, is told of where things are.
type audited struct {
	Store   string `help:"Where the documents live, such as sqlite:trucks.db or mongodb://HOST/argos."`
	DataDir string `help:"A stopped demo's data directory, instead of all of these." type:"path"`
	State   string `help:"What the last audit proved; an audit goes on from there and renews it." type:"path" placeholder:"FILE"`

	kafkaFlags `embed:"" set:"kafka="`
}

// open returns the store, and the ledger of a demo. A demo's log is served meanwhile.
func (c *audited) open(ctx context.Context, log *slog.Logger) (store argos.Store, ledger string, closeAll func() error, err error) {
	closing := []func() error{}
	closeAll = func() (err error) {
		for i := len(closing) - 1; i >= 0; i-- {
			err = errors.Join(err, closing[i]())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	if c.DataDir != "" {
		dir, err := existingDataDir(c.DataDir)
		if err != nil {
			return nil, "", nil, err
		}
		closing = append(closing, dir.close)
		broker, err := kfakeio.Start(kfakeio.Config{Dir: dir.log(), Log: log})
		if err != nil {
			return nil, "", nil, err
		}
		closing = append(closing, func() error { broker.Close(); return nil })
		c.Store, c.kafkaFlags, ledger = dir.store(), kafkaFlags{Kafka: []string{broker.Addr()}}, dir.ledger()
	}
	if path, local := strings.CutPrefix(c.Store, "sqlite:"); local && c.DataDir == "" {
		if _, err := os.Stat(path); err != nil {
			return nil, "", nil, fmt.Errorf("no store to audit: %w", err)
		}
	}
	if store, err = argos.Process.Open(ctx, c.Store); err != nil {
		return nil, "", nil, err
	}
	closing = append(closing, store.Close)
	return store, ledger, closeAll, nil
}
