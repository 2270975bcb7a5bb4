package pipelines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"argos"
	"argos/io/kafkaio"
	"argos/io/sqliteio"
	"argos/runner/flink"
	"argos/transforms/fleet"
)

// FlinkJob is a live pipeline on a Flink cluster.
type FlinkJob struct {
	*flink.Job
	cfg  Config
	ends ends
}

func newFlinkJob(job *flink.Job, cfg Config) *FlinkJob {
	j := &FlinkJob{Job: job, cfg: cfg}
	job.Refused = j.refused
	return j
}

// StartFlink submits the live pipeline, and returns when the cluster has it. With on.Resume, a job of this name that
// runs already is returned instead.
func StartFlink(ctx context.Context, cfg Config, on flink.Config) (*FlinkJob, error) {
	if err := on.Check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	running, err := on.Running(ctx)
	switch {
	case err != nil:
		return nil, err
	case running != nil && !on.Resume:
		return nil, fmt.Errorf(
			"job %s of this pipeline runs already (state %s): --resume follows it, --stop ends it with a savepoint",
			running.Name,
			running.State,
		)
	case running != nil && (cfg.NewEpoch || cfg.AcceptPartitions):
		return nil, fmt.Errorf(
			"%w: job %s of this pipeline runs already, in the epoch as it was: --stop it, and begin the new one without --resume",
			ErrRefused,
			running.Name,
		)
	case running != nil && on.Loopback && on.Job(running, cfg.Log).Runs(ctx) != nil:
		cfg.Log.Warn(
			"the job has lost its workers, which were a command's that has ended: another one takes its place",
			"job",
			running.Name,
		)
		if err := on.Withdraw(ctx, running.Name, nil); err != nil {
			return nil, err
		}
	case running != nil:
		cfg.Log.Info("the job runs already", "job", running.Name, "id", running.ID, "state", running.State)
		return newFlinkJob(on.Job(running, cfg.Log), cfg), nil
	}
	if on.Resume {
		if on.Savepoint, err = on.Newest(ctx); err != nil {
			return nil, err
		}
		if on.Savepoint == "" {
			cfg.Log.Info("there is no checkpoint to resume from; the pipeline goes on from the store's marks")
		}
	}
	if on.Savepoint != "" && (cfg.NewEpoch || cfg.AcceptPartitions) {
		return nil, fmt.Errorf(
			"%w: a checkpoint speaks of the topic as it was, so a new epoch begins without one",
			ErrRefused,
		)
	}
	if cfg.StoreURI, err = reachable(cfg.StoreURI); err != nil {
		return nil, err
	}
	if err := on.AwaitSlots(ctx, cfg.Log); err != nil {
		return nil, err
	}
	return startFlink(ctx, cfg, on)
}

// startFlink submits the pipeline as a new job.
func startFlink(ctx context.Context, cfg Config, on flink.Config) (*FlinkJob, error) {
	server, err := flink.Dial(ctx, on.JobServer)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	from, cfg, err := beginFlink(ctx, cfg, on)
	if err != nil {
		return nil, err
	}
	cfg.NewEpoch, cfg.AcceptPartitions = false, false // said once, done once
	name := on.Name + "-" + flink.Unique()
	job, err := server.Submit(ctx, on, name, live(cfg, name, from, onFlink), cfg.Log, func() {
		fleet.Forget(name)
		if err := kafkaio.Forget(name); err != nil {
			cfg.Log.Warn("the last marks could not be written", "error", err)
		}
	})
	if err != nil {
		return nil, err
	}
	cfg.Log.Info("submitted", "job", name, "partitions", len(from.offsets), "shards", cfg.shards(len(from.offsets)),
		"epoch", from.epoch, "from", cmp.Or(on.Savepoint, "the store's marks"))
	if err := job.Appear(ctx); err != nil {
		return nil, err
	}
	return newFlinkJob(job, cfg), nil
}

// Follow is Job's. It also watches how far the log's start is from the marks.
func (j *FlinkJob) Follow(ctx context.Context) error {
	defer j.ends.close()
	var watching sync.WaitGroup
	defer watching.Wait()
	seen, end := context.WithCancel(ctx)
	defer end()
	if store, _, err := j.ends.open(ctx, &j.cfg); err == nil { // else Ready says so
		watching.Go(func() { (&kafkaio.Headroom{Kafka: j.cfg.Kafka, Topic: j.cfg.Topic, Store: store}).Follow(seen) })
	}
	return j.Job.Follow(ctx)
}

// beginFlink reads where the log and the store stand.
func beginFlink(ctx context.Context, cfg Config, on flink.Config) (start, Config, error) {
	store, err := argos.Process.Open(ctx, cfg.StoreURI)
	if err != nil {
		return start{}, cfg, err
	}
	defer store.Close() //nolint:errcheck // what was written is there
	partitions, err := kafkaio.Partitions(ctx, cfg.Kafka, cfg.Topic)
	if err != nil {
		return start{}, cfg, fmt.Errorf("ask Kafka for topic %s: %w", cfg.Topic, err)
	}
	cfg = shardsFor(cfg, partitions, on.Parallelism)
	from, err := ready(ctx, store, cfg)
	for err == nil && from.next != nil { // the job has one layout: what was written by older ones is stored here
		if err = readOut(ctx, ctx, store, cfg, from, func(*kafkaio.Job) {}); !errors.Is(err, errNextLayout) {
			return start{}, cfg, err
		}
		from, err = resume(ctx, store, cfg)
	}
	return from, cfg, err
}

// onFlink is what the steps are told.
//
// Back-pressure is the network's, so there is no credit; bundles that fail are the cluster's to repeat, so there is
// an end to retries. A truck's newest record may wait in a bundle of the sink, and nowhere else, until it is stored:
// a bundle has at most flink.MaxBundle parts, each of a poll of at most pollRecords.
var onFlink = runnerSettings{
	spread:      true,
	patience:    30 * time.Second,
	pollRecords: pollRecords, pollBytes: 2 << 20,
	unstored: 2 * flink.MaxBundle * pollRecords,
}

const (
	pollRecords = 10_000 // a partition is polled once a bundle, which lasts longer here than on Prism

	// shardsPerSlot keeps the slots evenly loaded: Flink deals shards out to them by a hash.
	shardsPerSlot = 32
)

// shardsFor fits the shards, unless they are asked for, to so many slots.
func shardsFor(cfg Config, partitions, slots int) Config {
	if cfg.Shards == 0 {
		// A multiple of the partitions, so that one partition feeds each shard.
		cfg.Shards = (shardsPerSlot*slots + partitions - 1) / partitions * partitions
	}
	return cfg
}

// reachable makes the address of a store mean the same to a worker, whose folder is another. A file has to be on its
// machine.
func reachable(uri string) (string, error) {
	path, is := strings.CutPrefix(uri, sqliteio.Scheme+":")
	if !is || strings.HasPrefix(path, "/") {
		return uri, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path of the store %s: %w", argos.Redacted(uri), err)
	}
	return sqliteio.Scheme + ":" + filepath.ToSlash(abs), nil
}
