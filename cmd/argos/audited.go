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
	State   string `help:"What the last audit proved; an audit goes on from it and renews it." type:"path" placeholder:"FILE"`

	kafkaFlags `embed:"" set:"kafka="`
}

// sources are what an audit reads.
type sources struct {
	store   argos.Store
	ledger  string // a demo's
	closing []func() error
}

func (s *sources) close() (err error) {
	for i := len(s.closing) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closing[i]())
	}
	return err
}

// open opens the store; of a stopped demo, it serves the log, too.
func (c *audited) open(ctx context.Context, log *slog.Logger) (s *sources, err error) {
	s = &sources{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if c.DataDir != "" {
		dir, err := existingDataDir(c.DataDir)
		if err != nil {
			return s, err
		}
		s.closing = append(s.closing, dir.close)
		broker, err := kfakeio.Start(kfakeio.Config{Dir: dir.log(), Log: log})
		if err != nil {
			return s, err
		}
		s.closing = append(s.closing, func() error { broker.Close(); return nil })
		c.Store, c.kafkaFlags, s.ledger = dir.store(), kafkaFlags{Kafka: []string{broker.Addr()}}, dir.ledger()
	}
	if path, local := strings.CutPrefix(c.Store, "sqlite:"); local && c.DataDir == "" {
		if _, err := os.Stat(path); err != nil {
			return s, fmt.Errorf("no store to audit: %w", err)
		}
	}
	if s.store, err = argos.Process.Open(ctx, c.Store); err != nil {
		return s, err
	}
	s.closing = append(s.closing, s.store.Close)
	return s, nil
}
