package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"argos/rig"
)

// crew is how many workers share the topic in the rows of workers.
const crew = 3

const (
	unownedMetric = "argos_group_unowned_seconds"
	takeOver      = 10 * time.Second // the session of a member that died, and as much again for a busy machine
)

// workerRows are what happens to one or all of several workers, which share the partitions.
func workerRows(o options) (rows []row) {
	for _, on := range []parts{{workers: crew}, {workers: crew, mongo: true}} {
		kind := "workers-"
		if on.mongo {
			kind = "workers-mongo-"
		}
		add := func(name, what string, short bool, strike striking) {
			rows = append(rows, row{kind + name, what, on, short && !on.mongo, strike})
		}
		add("join", "a fourth worker joins three", false, joined)
		add("leave", "SIGTERM of one of three workers, for good", false, func(ctx context.Context, s *system) error {
			s.workers[0].Stop()
			return pause(ctx, steady)
		})
		add("kill", "kill -9 of one of three workers, for 10 s", true, func(ctx context.Context, s *system) error {
			s.workers[0].Kill()
			if err := pause(ctx, takeOver); err != nil {
				return err
			}
			return s.workers[0].again(ctx)
		})
		add(
			"stop20",
			"SIGSTOP of one of three workers for 20 s, and its return",
			false,
			func(ctx context.Context, s *system) error {
				return frozen(ctx, s.workers[0], 20*time.Second)
			},
		)
		add("rolling", "one worker after the other is restarted", false, rolled)
		add(
			"kafka-restart",
			"Kafka is restarted under three workers",
			false,
			func(ctx context.Context, s *system) error {
				return terminated(ctx, s.broker)
			},
		)
		add(
			"random",
			fmt.Sprintf("random faults of three workers and Kafka for %v", o.For/2),
			false,
			func(ctx context.Context, s *system) error {
				return atRandom(ctx, append([]*part{s.broker}, s.workers...), o.Seed, o.For/2)
			},
		)
	}
	return rows
}

func joined(ctx context.Context, s *system) error {
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return err
	}
	w := s.newPipeline(addrs[0])
	if err := w.begin(ctx); err != nil {
		return err
	}
	s.workers = append(s.workers, w)
	return pause(ctx, steady)
}

func rolled(ctx context.Context, s *system) error {
	for _, w := range s.workers {
		w.Stop()
		if err := w.again(ctx); err != nil {
			return err
		}
		if err := s.shared(ctx); err != nil {
			return err
		}
	}
	return nil
}

// shared waits until the workers own every partition, and each of them one at least.
func (s *system) shared(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		sum, least := 0.0, math.Inf(1)
		for _, w := range s.workers {
			owned, err := w.metric(ctx, "argos_group_partitions_owned")
			if err != nil {
				owned = 0
			}
			sum, least = sum+owned, min(least, owned)
		}
		if sum == partitions && least > 0 {
			return nil
		}
		if err := pause(ctx, lookEvery); err != nil {
			return fmt.Errorf(
				"%v of %d partitions have an owner, and the idlest worker %v: %w",
				sum,
				partitions,
				least,
				err,
			)
		}
	}
}

// handovers counts, by the bound of the histogram's bucket in seconds, how long partitions had no owner before each
// worker, a process each, came to own them.
type handovers map[int]map[float64]uint64

func (s *system) handovers(ctx context.Context) handovers {
	of := handovers{}
	for _, w := range s.workers {
		families, err := w.metrics(ctx)
		if err != nil {
			continue // it has ended, and what it knew with it
		}
		counts := map[float64]uint64{}
		for _, m := range families[unownedMetric].GetMetric() {
			for _, b := range m.GetHistogram().GetBucket() {
				counts[b.GetUpperBound()] = b.GetCumulativeCount()
			}
			counts[math.Inf(1)] = m.GetHistogram().GetSampleCount()
		}
		of[w.PID()] = counts
	}
	return of
}

// since is how many handovers there were after an earlier look, and the bucket's bound of the longest.
func (h handovers) since(before handovers) (n uint64, longest float64) {
	for pid, counts := range h {
		var last uint64
		for _, bound := range slices.Sorted(maps.Keys(counts)) {
			now := counts[bound] - before[pid][bound]
			if now > last {
				longest, last = max(longest, bound), now
			}
		}
		n += last
	}
	return n, longest
}
