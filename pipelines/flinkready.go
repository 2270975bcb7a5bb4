package pipelines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/storeio"
)

// ends are the store and the log of a job on Flink, as this process reaches them: the workers have their own.
type ends struct {
	mu     sync.Mutex
	store  argos.Store
	kafka  *cluster.Client
	closed bool
}

// open opens them when they are first asked for.
func (e *ends) open(ctx context.Context, cfg *Config) (argos.Store, *cluster.Client, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil, nil, errors.New("the job is not followed any longer")
	case e.store != nil:
		return e.store, e.kafka, nil
	}
	kafka, err := cfg.Kafka.Client(cfg.Topic)
	if err != nil {
		return nil, nil, err
	}
	store, err := argos.Process.Open(ctx, cfg.StoreURI)
	if err != nil {
		kafka.Close()
		return nil, nil, err
	}
	e.store, e.kafka = store, kafka
	return store, kafka, nil
}

func (e *ends) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed = true; e.store != nil {
		_ = e.store.Close() // nothing was written
		e.kafka.Close()
	}
}

// Ready is why a record that came into the log now would not be stored soon, as Live's is. What only the workers
// know, whether the store takes documents and Kafka dead letters, theirs say (WorkerReady).
func (j *FlinkJob) Ready(ctx context.Context) error {
	if err := j.Runs(ctx); err != nil {
		return err
	}
	store, kafka, err := j.ends.open(ctx, &j.cfg)
	if err != nil {
		return err
	}
	if err := store.Ping(ctx); err != nil {
		return fmt.Errorf("the store does not answer: %w", err)
	}
	partitions, err := kafka.Partitions(ctx, j.cfg.Topic)
	if err == nil {
		err = kafka.Reach(ctx, j.cfg.Topic, partitions)
	}
	if err != nil {
		return fmt.Errorf("Kafka does not answer: %w", err)
	}
	return WorkerReady(ctx)
}

// WorkerReady is why the steps that run in this process can't do their part at present.
func WorkerReady(context.Context) error {
	if err := storeio.Trouble(); err != nil {
		return err
	}
	return kafkaio.DeadLetterTrouble()
}

// refused is why the log and the store do not fit together any longer, as a start would find after a failure of the
// log. It is nil when they do, and when that can't be told now.
func (j *FlinkJob) refused(ctx context.Context, trace string) error {
	if !strings.Contains(trace, kafkaio.ErrLog.Error()) {
		return nil
	}
	store, _, err := j.ends.open(ctx, &j.cfg)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	cfg := j.cfg
	cfg.Shards = 0 // the job has its own
	from, err := resume(ctx, store, cfg)
	if err == nil && from.next != nil {
		return fmt.Errorf("%w: topic %s has grown and its %d partitions are accepted, but the job reads %d; "+
			"begin it anew without --resume", ErrRefused, cfg.Topic, from.have, len(from.offsets))
	}
	if errors.Is(err, ErrRefused) {
		return err
	}
	return nil
}
