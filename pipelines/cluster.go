package pipelines

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"argos"
	"argos/flink"
	"argos/io/kafkaio"
	"argos/transforms/fleet"
)

const (
	slotsWithin  = 40 * time.Second // for task managers to register with a job manager that was restarted
	appearWithin = 2 * time.Minute  // for a job to appear after its submission: the job server sends 200 MB before it
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
		err = j.appear(ctx, server, id)
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
	return from, cfg, err
}

func unique() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// isOurs says whether a job of the cluster is one of this pipeline.
func (f Flink) isOurs(j flink.Job) bool {
	own, ok := strings.CutPrefix(j.Name, f.Name+"-")
	_, err := hex.DecodeString(own)
	return ok && len(own) == 8 && err == nil
}

// running is the job of this pipeline that has not ended; nil: none. One that is about to end is waited for.
func (f Flink) running(ctx context.Context) (*flink.Job, error) {
	for {
		jobs, err := f.Cluster.Jobs(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(jobs, func(j flink.Job) bool { return f.isOurs(j) && !j.State.Ended() })
		if i < 0 {
			return nil, nil //nolint:nilnil // none
		}
		if jobs[i].State != flink.Cancelling {
			return &jobs[i], nil
		}
		if !pause(ctx, lookEvery) {
			return nil, fmt.Errorf("wait for the end of job %s: %w", jobs[i].Name, ctx.Err())
		}
	}
}

// newest finds the newest state of the pipeline: in the folder, which outlives the job manager, else by what that remembers.
func (f Flink) newest(ctx context.Context) (string, error) {
	if f.Checkpoints != "" {
		if path, err := flink.NewestIn(address(f.Checkpoints) + "/" + f.Name); err != nil || path != "" {
			return path, err
		}
	}
	jobs, err := f.Cluster.Jobs(ctx)
	if err != nil {
		return "", err
	}
	var best *flink.Checkpoint
	for _, j := range jobs {
		if !f.isOurs(j) {
			continue
		}
		of, err := f.Cluster.Checkpoints(ctx, j.ID)
		if err != nil {
			return "", err
		}
		if n := of.Newest(); n != nil && (best == nil || n.Taken > best.Taken) {
			best = n
		}
	}
	if best == nil {
		return "", nil
	}
	return best.Path, nil
}

// roomFor waits until the cluster has a slot for each of the parallel parts, as one whose job manager was restarted has after a while.
func (f Flink) roomFor(ctx context.Context, cfg Config) error {
	for end, told := time.Now().Add(slotsWithin), false; ; {
		o, err := f.Cluster.Overview(ctx)
		if err != nil {
			return err
		}
		if err := fits(o.Version); err != nil {
			return err
		}
		if f.Loopback && o.TaskManagers > 1 { // their workers would have the same names
			return fmt.Errorf("workers in this process serve one task manager, and the cluster at %s has %d: --worker PATH has each start its own", f.Cluster, o.TaskManagers)
		}
		if o.Free >= f.Parallelism {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the cluster at %s has %d task managers and %d slots, of which %d are free; parallelism %d needs as many", f.Cluster, o.TaskManagers, o.Slots, o.Free, f.Parallelism)
		}
		if !told {
			cfg.Log.Info("waiting for free slots", "free", o.Free, "needed", f.Parallelism)
			told = true
		}
		if !pause(ctx, lookEvery) {
			return fmt.Errorf("wait for free slots: %w", ctx.Err())
		}
	}
}

// fits says whether Beam has a runner for a version of Flink.
func fits(version string) error {
	for _, v := range []string{"1.17.", "1.18.", "1.19.", "1.20.", "2."} {
		if strings.HasPrefix(version, v) {
			return nil
		}
	}
	return fmt.Errorf("the cluster runs Flink %s, and Beam's runner wants 1.17 or newer", version)
}

// appear waits until Flink has the job. What keeps it from that is the job server's to say.
func (j *FlinkJob) appear(ctx context.Context, server *jobServer, id string) error {
	ctx, cancel := context.WithTimeout(ctx, appearWithin)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- wait(ctx, server.client, id) }()
	for {
		jobs, err := j.on.Cluster.Jobs(ctx)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(jobs, func(x flink.Job) bool { return x.Name == j.name && !x.State.Ended() }); i >= 0 {
			j.id = jobs[i].ID
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the job server could not start the job: %s", j.reason(ctx, err))
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("the job does not appear on the cluster at %s, though the job server at %s has taken it: do both mean the same cluster? %w", j.on.Cluster, j.on.JobServer, ctx.Err())
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

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
