package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"argos/rig"
	"argos/runner/flink/jobmanager"
)

// On Flink: two task managers with twice the slots that the job takes, so that what is left can take over at once; a checkpoint every 2 s.
const (
	flinkParallelism = "2"
	flinkInterval    = "2s"
	flinkBundle      = "100ms" // the old job server leaks a little with each, see rig.Flink
	flinkRetained    = 12      // checkpoints
	flinkRate        = 2000    // fixes a second at most: the cluster shares the machine with all the rest
)

const restores = "argos_flink_restores_total"

// flinkRows are faults of a pipeline on Flink.
func flinkRows() []row {
	on := parts{flink: true}
	return []row{
		{"flink-task-manager-kill", "kill -9 of one of two task managers, and its worker with it", on, false, taskManagerKilled},
		{"flink-worker-kill", "kill -9 of a Go worker", on, false, workerKilled},
		{"flink-job-manager-kill", "kill -9 of the job manager: the old job writes on for a while beside the new one", on, false, jobManagerKilled},
		{"flink-command-kill", "kill -9 of the command that follows the job, which goes on", on, false, func(ctx context.Context, s *system) error {
			return killed(ctx, s.pipeline)
		}},
		{"flink-kafka-kill", "kill -9 of kafka under a job on Flink", on, false, func(ctx context.Context, s *system) error {
			return felt(ctx, s.worker, "argos_source_fetch_errors_total", func() error { return killed(ctx, s.broker) })
		}},
		{"flink-store-locked20", "SQLite's write lock is another program's for 20 s, which the workers wait for", on, false, func(ctx context.Context, s *system) error {
			return felt(ctx, s.worker, writeFailures, func() error { return s.during(ctx, 20*time.Second, "begin immediate", "rollback") })
		}},
		{"flink-store-locked45", "the same for 45 s: bundles fail, and the job is restored", on, false, func(ctx context.Context, s *system) error {
			before, err := s.pipeline.metric(ctx, restores)
			if err != nil {
				return err
			}
			if err := s.during(ctx, 45*time.Second, "begin immediate", "rollback"); err != nil {
				return err
			}
			return s.restored(ctx, before)
		}},
		{"flink-old-checkpoint", "the job is cancelled and goes on from the oldest checkpoint at hand, far behind the store", on, false, oldCheckpoint},
	}
}

// startFlink starts the cluster; the pipeline's command comes later.
func (s *system) startFlink(ctx context.Context) error {
	dir := s.path("flink")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	f, err := rig.StartFlink(ctx, dir, rig.FlinkConfig{
		TaskManagers: 2, Slots: 2, Settings: []string{fmt.Sprintf("execution.checkpointing.num-retained: %d", flinkRetained)},
	})
	if errors.Is(err, rig.ErrMissing) {
		return fmt.Errorf("%w: %w", errNotHere, err)
	}
	if err != nil {
		return err
	}
	s.flink = f
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return err
	}
	s.worker = &part{name: "worker", admin: addrs[0]}
	return nil
}

// onFlink is the command that submits the job, or follows the one that runs: what a service manager would start again and again.
func (s *system) onFlink(admin string, from ...string) *part {
	if len(from) == 0 {
		from = []string{"--resume"}
	}
	return s.role("the pipeline runs on Flink", admin, append([]string{
		"pipeline", "--kafka", s.consume.addr, "--store", s.storedAt, "--runner", "flink", "--flink-rest", s.flink.REST, "--job-server", s.flink.JobServer,
		"--parallelism", flinkParallelism, "--checkpoints", s.flink.Checkpoints, "--checkpoint-interval", flinkInterval, "--bundle", flinkBundle,
		"--worker-admin", s.worker.admin,
	}, from...)...)
}

func taskManagerKilled(ctx context.Context, s *system) error {
	before, err := s.pipeline.metric(ctx, restores)
	if err != nil {
		return err
	}
	s.flink.TaskManagers[0].Kill()
	if err := s.restored(ctx, before); err != nil {
		return err
	}
	return s.flink.StartTaskManager(ctx, 0)
}

func workerKilled(ctx context.Context, s *system) error {
	before, err := s.pipeline.metric(ctx, restores)
	if err != nil {
		return err
	}
	pids, err := s.flink.Workers(0)
	if err == nil && len(pids) == 0 {
		err = errors.New("the task manager has no worker")
	}
	for _, pid := range pids {
		err = errors.Join(err, syscall.Kill(pid, syscall.SIGKILL))
	}
	if err != nil {
		return err
	}
	return s.restored(ctx, before)
}

// checkpointed waits for a first checkpoint: a job that fails before it begins anew, and nothing is restored.
func (s *system) checkpointed(ctx context.Context) error {
	return s.risen(ctx, "argos_flink_checkpoints_completed_total", 0, "no checkpoint is taken")
}

// restored waits until the cluster has started the job again, more often than before.
func (s *system) restored(ctx context.Context, before float64) error {
	return s.risen(ctx, restores, before, "the job is not restored")
}

// risen waits until a metric of the command is above a value.
func (s *system) risen(ctx context.Context, name string, above float64, otherwise string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		now, err := s.pipeline.metric(ctx, name)
		if err == nil && now > above {
			return nil
		}
		if perr := pause(ctx, lookEvery); perr != nil {
			return fmt.Errorf("%s: %w", otherwise, errors.Join(perr, err))
		}
	}
}

// jobManagerKilled: the new one has forgotten the job, the command says so and ends, and is started again.
func jobManagerKilled(ctx context.Context, s *system) error {
	s.flink.JobManager.Kill()
	if err := s.flink.StartJobManager(ctx); err != nil {
		return err
	}
	if err := s.ended(ctx); err != nil {
		return err
	}
	if !strings.Contains(s.pipeline.Output(), "the job manager was restarted") {
		return fmt.Errorf("the command has ended without saying why:\n%s", s.pipeline.Output())
	}
	if err := s.pipeline.again(ctx); err != nil {
		return err
	}
	if n, err := s.pipeline.metric(ctx, restores); err != nil || n < 1 {
		return fmt.Errorf("the new job was not started from a checkpoint (%w)", err)
	}
	return nil
}

// ended waits for the command to end by itself.
func (s *system) ended(ctx context.Context) error {
	select {
	case <-s.pipeline.Done():
		return nil
	case <-time.After(patience):
		return errors.New("the command that follows a job that is gone does not end")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func oldCheckpoint(ctx context.Context, s *system) error {
	if err := pause(ctx, 10*time.Second); err != nil {
		return err
	}
	oldest, err := oldestCheckpoint(s.flink.Checkpoints)
	if err != nil {
		return err
	}
	at := jobmanager.At(s.flink.REST)
	jobs, err := at.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if !j.State.Ended() {
			if err := at.Cancel(ctx, j.ID); err != nil {
				return err
			}
		}
	}
	if err := s.ended(ctx); err != nil {
		return err
	}
	s.pipeline.Kill()
	s.pipeline = s.onFlink(s.pipeline.admin, "--savepoint", oldest)
	if err := s.pipeline.begin(ctx); err != nil {
		return err
	}
	return s.startedFrom(ctx, at, oldest)
}

// startedFrom fails unless the job that runs was started from a checkpoint.
func (s *system) startedFrom(ctx context.Context, at jobmanager.Cluster, checkpoint string) error {
	jobs, err := at.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State.Ended() {
			continue
		}
		of, err := at.Checkpoints(ctx, j.ID)
		if err != nil {
			return err
		}
		if from := of.Latest.Restored; from != nil && strings.HasSuffix(from.Path, checkpoint) {
			return nil
		}
	}
	return fmt.Errorf("nothing came of it: no job was started from %s", checkpoint)
}

func oldestCheckpoint(dir string) (string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*", "*", "chk-*", "_metadata"))
	if err == nil && len(all) < 2 {
		err = fmt.Errorf("%d checkpoints are there, which leaves no older one", len(all))
	}
	if err != nil {
		return "", err
	}
	return filepath.Dir(slices.MinFunc(all, func(a, b string) int { return modified(a).Compare(modified(b)) })), nil
}

func modified(path string) time.Time {
	i, err := os.Stat(path)
	if err != nil {
		return time.Now() // it was replaced meanwhile, and is not the oldest
	}
	return i.ModTime()
}
