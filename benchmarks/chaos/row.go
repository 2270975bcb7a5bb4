package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// row is one fault, in mid-load.
type row struct {
	name  string
	what  string // happens, for people
	on    parts
	short bool // of the short matrix

	// strike brings the fault about and returns when it is over and whatever it ended runs again.
	strike func(ctx context.Context, s *system) error
}

// parts are what a row's system is made of beyond the usual: Apache Kafka and SQLite, on the machine's disk.
type parts struct {
	embedded bool   // the embedded broker
	mongo    bool   // a MongoDB-protocol server
	durable  bool   // one that keeps its data on disk, if it is ours
	flink    bool   // the pipeline on a Flink cluster
	workers  int    // that share the partitions; 0: one
	small    string // the part whose disk is a small one: broker or store
}

const (
	steady   = 3 * time.Second // the live state is fresh for so long before a fault, and after it
	patience = 3 * time.Minute // for the system to be steady, or to come to its end
)

// errNotHere says that the machine can't run a row.
var errNotHere = errors.New("not run")

// play starts a system, lets the fault strike, waits until the live state is fresh again, ends the load and audits.
func (r row) play(ctx context.Context, s *system) result {
	res := result{Name: r.name, What: r.what}
	s.parts = r.on
	err := func() error {
		defer s.end()
		if err := s.start(ctx); err != nil {
			return err
		}
		w, err := s.watch(ctx)
		if err != nil {
			return err
		}
		defer w.end()
		if err := w.steady(ctx, time.Now()); err != nil {
			return fmt.Errorf("before the fault: %w", err)
		}
		if s.parts.flink {
			if err := s.checkpointed(ctx); err != nil {
				return err
			}
		}
		if s.parts.workers > 0 {
			if err := s.shared(ctx); err != nil {
				return err
			}
		}
		struck, before := time.Now(), s.handovers(ctx)
		if err := r.strike(ctx, s); errors.Is(err, errNotHere) {
			return err
		} else if err != nil {
			return fmt.Errorf("fault: %w", err)
		}
		mended := time.Now()
		if err := w.steady(ctx, mended); err != nil {
			return fmt.Errorf("after the fault: %w", err)
		}
		res.Downtime, res.Recovery = w.worst(struck).Seconds(), w.recovery(mended).Seconds()
		res.Handovers, res.Unowned = s.handovers(ctx).since(before)
		if err := s.settle(ctx); err != nil {
			return err
		}
		return s.audit(ctx, &res)
	}()
	switch {
	case errors.Is(err, errNotHere):
		res.Skipped = err.Error()
	case err != nil:
		res.Failed = err.Error()
	}
	return res
}

// pause waits for a fault to last.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
