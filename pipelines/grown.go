package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/runner/prism"
	"argos/transforms/fleet"
)

const (
	// stillFor is more than a gateway takes to notice that its topic has grown (gateway/changed.go), and to write
	// what it has taken in.
	stillFor  = 20 * time.Second
	tellEvery = 10 * time.Second
)

// errNextLayout says that a layout was read to its end and that the store has stepped to the next.
var errNextLayout = errors.New("all of the topic's old layout is stored")

// until is where a job ends, by partition; nil: never.
func (s start) until() []int64 {
	if s.next == nil {
		return nil
	}
	return s.next[:len(s.offsets)]
}

// readOut runs a job on Prism that stores what was written by an old layout, and steps to the next: errNextLayout.
// Nil means that running has ended before. It is a job of this process alone, whatever else reads the topic: the
// store's guard keeps it exact.
func readOut(
	running, alive context.Context,
	store argos.Store,
	cfg Config,
	from start,
	attend func(*kafkaio.Job),
) (err error) {
	if cfg.Shards > 0 {
		cfg.Shards = 0 // those asked for are of the new count
	}
	name := fmt.Sprintf("%s.%d", cfg.name, runs.Add(1))
	job := kafkaio.NewJob(name, from.offsets)
	attend(job)
	ctx, cancel := context.WithCancelCause(alive)
	told := make(chan struct{})
	go func() {
		defer close(told)
		if awaitEnd(ctx, job, cfg, from) == nil {
			job.Drain()
		}
	}()
	defer context.AfterFunc(running, func() {
		job.Drain()
		late := time.AfterFunc(
			cfg.DrainWithin,
			func() { cancel(fmt.Errorf("%w (waited %v)", errDrain, cfg.DrainWithin)) },
		)
		context.AfterFunc(ctx, func() { late.Stop() })
	})()
	err = prism.Run(ctx, name, live(cfg, name, from, onPrism), prism.NoSplit)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	<-told
	marks := job.Marks()
	attend(nil)
	fleet.Forget(name)
	if err = errors.Join(err, job.Close()); err != nil {
		return err
	}
	if behind(marks, from.until()) > 0 {
		if running.Err() == nil {
			return errors.New("the job ended by itself, before all of the old layout was stored")
		}
		return nil
	}
	next := from.step(marks)
	if err := next.write(alive, store, cfg.Topic, len(from.offsets)); err != nil {
		return err
	}
	cfg.Log.Info("all that was written by the old partition count is stored", "topic", cfg.Topic,
		"was", len(from.offsets), "is", len(next.offsets), "epoch", next.epoch)
	return errNextLayout
}

// awaitEnd waits until a job has stored all up to its end, and tells now and then how far it is.
func awaitEnd(ctx context.Context, job *kafkaio.Job, cfg Config, from start) error {
	cfg.Log.Info("the topic has grown; what was written by the old partition count is stored first", "topic", cfg.Topic,
		"was", len(from.offsets), "is", len(from.next), "records", behind(from.offsets, from.until()))
	for {
		waiting, cancel := context.WithTimeout(ctx, tellEvery)
		err := job.WaitMarks(waiting, from.until())
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		cfg.Log.Info("storing what was written by the old partition count", "topic", cfg.Topic,
			"records", behind(job.Marks(), from.until()))
	}
}

// behind is how many offsets lie between marks and ends.
func behind(marks, ends []int64) (n int64) {
	for p, end := range ends {
		n += max(0, end-marks[p])
	}
	return n
}

// step is where the next layout begins, of which nothing is stored yet.
func (s start) step(marks []int64) start {
	next := start{epoch: s.epoch + 1, offsets: slices.Clone(s.next)}
	for p, mark := range marks {
		next.offsets[p] = max(next.offsets[p], mark)
	}
	return next
}

// inTurn are the marks of a start in the order in which they are written, those of partitions from old on first: so
// it can be told from what is there how far a call came that a store without transactions has done in part (stands).
func (s start) inTurn(topic string, old int) [2][]argos.Mark {
	marks := s.marks(topic)
	return [2][]argos.Mark{marks[old:], marks[:old]}
}

// write writes down where a job begins, of which old partitions had marks before.
func (s start) write(ctx context.Context, store argos.Store, topic string, old int) error {
	for _, marks := range s.inTurn(topic, old) {
		if err := store.SetMarks(ctx, marks); err != nil {
			return fmt.Errorf("write the marks of topic %s: %w", topic, err)
		}
	}
	return nil
}

// whenStill returns what there is once nothing has been written to the log for a while, or another start has accepted
// the new partitions. Whoever wrote to it before that, a gateway that has not noticed, would do so by the old layout.
func whenStill(ctx context.Context, store argos.Store, cfg Config) (found, error) {
	cfg.Log.Info(
		"the topic has grown; its new partitions are accepted when nothing has been written for a while",
		"topic",
		cfg.Topic,
		"while",
		cfg.still,
	)
	var last []cluster.Range
	since, told := time.Now(), time.Now()
	for {
		is, err := find(ctx, store, cfg)
		if err != nil {
			return found{}, err
		}
		switch now := time.Now(); {
		case !is.hasGrown():
			return is, nil
		case !slices.EqualFunc(is.log, last, func(a, b cluster.Range) bool { return a.Last == b.Last }):
			last, since = is.log, now
		case now.Sub(since) >= cfg.still:
			return is, nil
		}
		if time.Since(told) >= max(tellEvery, cfg.still+tellEvery/2) {
			cfg.Log.Warn(
				"somebody still writes to the topic, by the old partition count: stop all gateways",
				"topic",
				cfg.Topic,
			)
			told = time.Now()
		}
		select {
		case <-time.After(cfg.still / 20):
		case <-ctx.Done():
			return found{}, fmt.Errorf("wait until nothing is written to topic %s: %w", cfg.Topic, ctx.Err())
		}
	}
}
