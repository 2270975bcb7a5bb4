package flink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"argos/runner/flink/jobmanager"
)

// ErrLeft says that the following of a job has ended, and the job has not.
var ErrLeft = errors.New("the job goes on")

// Follow tells of the job until it ends: nil when it was stopped. When the context ends, a job whose workers are the
// cluster's goes on (ErrLeft); one whose workers are here is stopped with a savepoint.
func (j *Job) Follow(ctx context.Context) error {
	defer j.end()
	err := j.follow(ctx)
	if ctx.Err() == nil || !errors.Is(err, ErrLeft) || !j.on.Loopback || j.back {
		return err
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if _, err = j.Stop(stopping); err != nil { // it restarts at this moment, say: it must not go on without its workers
		err = errors.Join(err, j.on.Withdraw(ctx, j.Name, nil))
	}
	return err
}

// stopWithin bounds the stop of a job: what its bundles hold is stored before, and its state is copied.
const stopWithin = time.Minute

// Stop ends the job with a savepoint, and returns where that is.
func (j *Job) Stop(ctx context.Context) (string, error) {
	folder := ""
	if j.on.Checkpoints != "" {
		folder = address(j.on.Checkpoints) + "/" + j.on.Name + "/savepoints"
	}
	path, err := j.on.Cluster.Stop(ctx, j.id, folder)
	if err != nil {
		return "", fmt.Errorf("stop job %s: %w", j.Name, err)
	}
	j.log.Info("the job was stopped with a savepoint; --resume goes on from there", "job", j.Name, "savepoint", path)
	return path, nil
}

// Stop stops the pipeline's job with a savepoint, and returns where that is.
func (f Config) Stop(ctx context.Context, log *slog.Logger) (string, error) {
	job, err := f.Running(ctx)
	if err != nil {
		return "", err
	}
	if job == nil {
		return "", fmt.Errorf("no job of the pipeline %s runs on the cluster at %s", f.Name, f.Cluster)
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	return f.Job(job, log).Stop(ctx)
}

func (j *Job) follow(ctx context.Context) error {
	log, last, runs, lost := j.log, jobmanager.State(""), false, error(nil)
	var failed time.Time
	first := j.back
	for {
		d, err := j.on.Cluster.Job(ctx, j.id)
		switch {
		case ctx.Err() != nil:
			return ErrLeft
		case errors.Is(err, jobmanager.ErrUnknownJob):
			return fmt.Errorf(
				"job %s is gone: the job manager was restarted and has forgotten it; the same command with --resume goes on from its newest checkpoint",
				j.Name,
			)
		case err != nil && lost == nil:
			log.Warn("the job can't be followed at present; it may go on", "error", err)
		case err == nil && lost != nil:
			log.Info("the job manager answers again")
		}
		if lost = err; err == nil {
			if d.State != last {
				log.Info("the job's state", "job", j.Name, "id", j.id, "state", d.State)
				last = d.State
			}
			if all := d.AllRun(); all != runs {
				if runs = all; all {
					log.Info("the pipeline runs on Flink", "job", j.Name, "id", j.id, "parallelism", j.on.Parallelism)
				}
			}
			if first && d.AllRun() { // what it failed of before this command came, it has got over
				if f, err := j.on.Cluster.LastFailure(ctx, j.id); err == nil {
					failed, first = f.At, false
				}
			} else {
				first = false
				if err := j.failures(ctx, d.State, &failed); err != nil {
					return err
				}
			}
			switch d.State {
			case jobmanager.Finished:
				log.Info("the job was stopped")
				return nil
			case jobmanager.Canceled:
				return fmt.Errorf("job %s was cancelled; --resume goes on from its newest checkpoint", j.Name)
			case jobmanager.Failed:
				return fmt.Errorf("job %s has failed for good; --resume starts it from its newest checkpoint", j.Name)
			}
		}
		if !pause(ctx) {
			return ErrLeft
		}
	}
}

// failures tells of a failure that has not been told of, and ends a job that can never run.
func (j *Job) failures(ctx context.Context, state jobmanager.State, told *time.Time) error {
	f, err := j.on.Cluster.LastFailure(ctx, j.id)
	if err != nil || !f.At.After(*told) {
		return nil //nolint:nilerr // the next look shows it
	}
	*told = f.At
	why := errors.New(explain(f.Trace, j.on))
	can := !never(f.Trace)
	if can && j.Refused != nil {
		if err := j.Refused(ctx, f.Trace); err != nil {
			why, can = err, false
		}
	}
	if !can {
		if !state.Ended() {
			err = j.on.Cluster.Cancel(context.WithoutCancel(ctx), j.id)
		}
		return errors.Join(fmt.Errorf("the job can't run: %w", why), err)
	}
	j.log.Error("the job failed; the cluster starts it again from its last checkpoint", "error", why, "where", f.Where)
	return nil
}
