package pipelines

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"argos"
	"argos/flink"
	"argos/io/kafkaio"
	"argos/transforms/fleet"
)

const (
	appearWithin = 2 * time.Minute // for a job to appear after its submission: the job server sends 200 MB before it
	lookEvery    = 500 * time.Millisecond
)

// FlinkJob is a live pipeline on a Flink cluster.
type FlinkJob struct {
	on   Flink
	cfg  Config
	id   string // Flink's
	name string
	end  func() // ends workers in this process
	back bool   // another command has submitted it
	ends ends
}

// StartFlink submits the live pipeline, and returns when the cluster has it. With on.Resume, a job of this name that runs already is
// returned instead.
func StartFlink(ctx context.Context, cfg Config, on Flink) (*FlinkJob, error) {
	if err := on.Check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	running, err := on.running(ctx)
	switch {
	case err != nil:
		return nil, err
	case running != nil && !on.Resume:
		return nil, fmt.Errorf("job %s of this pipeline runs already (state %s): --resume follows it, --stop ends it with a savepoint", running.Name, running.State)
	case running != nil && (cfg.NewEpoch || cfg.AcceptPartitions):
		return nil, fmt.Errorf("%w: job %s of this pipeline runs already, in the epoch as it was: --stop it, and begin the new one without --resume", ErrRefused, running.Name)
	case running != nil && on.Loopback && (&FlinkJob{on: on, id: running.ID, name: running.Name}).runs(ctx) != nil:
		cfg.Log.Warn("the job has lost its workers, which were a command's that has ended: another one takes its place", "job", running.Name)
		if err := on.withdraw(ctx, running.Name, nil); err != nil {
			return nil, err
		}
	case running != nil:
		cfg.Log.Info("the job runs already", "job", running.Name, "id", running.ID, "state", running.State)
		return &FlinkJob{on: on, cfg: cfg, id: running.ID, name: running.Name, end: func() {}, back: true}, nil
	}
	if on.Resume {
		if on.Savepoint, err = on.newest(ctx); err != nil {
			return nil, err
		}
		if on.Savepoint == "" {
			cfg.Log.Info("there is no checkpoint to resume from; the pipeline goes on from the store's marks")
		}
	}
	if on.Savepoint != "" && (cfg.NewEpoch || cfg.AcceptPartitions) {
		return nil, fmt.Errorf("%w: a checkpoint speaks of the topic as it was, so a new epoch begins without one", ErrRefused)
	}
	if cfg.StoreURI, err = reachable(cfg.StoreURI); err != nil {
		return nil, err
	}
	if err := on.roomFor(ctx, cfg); err != nil {
		return nil, err
	}
	return on.start(ctx, cfg)
}

// start submits the pipeline as a new job.
func (f Flink) start(ctx context.Context, cfg Config) (*FlinkJob, error) {
	server, err := dialJobServer(ctx, f.JobServer)
	if err != nil {
		return nil, err
	}
	defer server.close()
	from, cfg, err := f.begin(ctx, cfg)
	if err != nil {
		return nil, err
	}
	cfg.NewEpoch, cfg.AcceptPartitions = false, false // said once, done once
	j := &FlinkJob{on: f, cfg: cfg, name: f.Name + "-" + unique(), end: func() {}}
	var env *pipeline_v1.Environment
	if f.Loopback {
		var stop func()
		env, stop, err = loopback(ctx)
		j.end = func() {
			stop()
			fleet.Forget(j.name)
			if err := kafkaio.Forget(j.name); err != nil {
				cfg.Log.Warn("the last marks could not be written", "error", err)
			}
		}
	} else {
		env, err = bakedIn(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	id, err := server.submit(ctx, live(cfg, j.name, from, onFlink), env, j.name, f.Parallelism, f.options(j.name))
	if err == nil {
		cfg.Log.Info("submitted", "job", j.name, "partitions", len(from.offsets), "shards", cfg.shards(len(from.offsets)), "epoch", from.epoch, "from", cmp.Or(f.Savepoint, "the store's marks"))
		ended := server.follow(ctx, id)
		if err = j.appear(ctx, ended); err != nil {
			err = errors.Join(err, f.withdraw(ctx, j.name, ended))
		}
	}
	if err != nil {
		j.end()
		return nil, err
	}
	return j, nil
}

// begin reads where the log and the store stand.
func (f Flink) begin(ctx context.Context, cfg Config) (start, Config, error) {
	store, err := argos.Process.Open(ctx, cfg.StoreURI)
	if err != nil {
		return start{}, cfg, err
	}
	defer store.Close() //nolint:errcheck // what was written is there
	partitions, err := kafkaio.Partitions(ctx, cfg.Kafka, cfg.Topic)
	if err != nil {
		return start{}, cfg, fmt.Errorf("ask Kafka for topic %s: %w", cfg.Topic, err)
	}
	cfg = f.configured(cfg, partitions)
	from, err := ready(ctx, store, cfg)
	for err == nil && from.next != nil { // the job has one layout: what was written by older ones is stored here
		if err = readOut(ctx, ctx, store, cfg, from, func(*kafkaio.Job) {}); !errors.Is(err, errNextLayout) {
			return start{}, cfg, err
		}
		from, err = resume(ctx, store, cfg)
	}
	return from, cfg, err
}

func unique() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// appear waits until Flink has the job. What keeps it from that is the job server's to say.
func (j *FlinkJob) appear(ctx context.Context, ended <-chan error) error {
	late := time.NewTimer(appearWithin)
	defer late.Stop()
	for {
		jobs, err := j.on.Cluster.Jobs(ctx) // none if it fails: the next look may not
		if i := slices.IndexFunc(jobs, func(x flink.Job) bool { return x.Name == j.name && !x.State.Ended() }); i >= 0 {
			j.id = jobs[i].ID
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the job server could not start the job: %s", j.reason(ctx, err))
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("wait for the job on the cluster: %w", ctx.Err())
		case <-late.C:
			return errors.Join(fmt.Errorf("the job does not appear on the cluster at %s, though the job server at %s has taken it: do both mean the same cluster?", j.on.Cluster, j.on.JobServer), err)
		}
	}
}

// reason is why a job did not start: what Flink says of it goes before what the job server does.
func (j *FlinkJob) reason(ctx context.Context, err error) string {
	jobs, _ := j.on.Cluster.Jobs(ctx) //nolint:errcheck // then the job server's words have to do
	for _, x := range jobs {
		if f, err := j.on.Cluster.LastFailure(ctx, x.ID); x.Name == j.name && err == nil && f.Trace != "" {
			return explain(f.Trace, j.on)
		}
	}
	if err == nil {
		return "it says no reason"
	}
	return explain(err.Error(), j.on)
}

// pause lies between two looks at the cluster. It says whether ctx goes on.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(lookEvery):
		return true
	case <-ctx.Done():
		return false
	}
}
