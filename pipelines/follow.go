package pipelines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"argos/flink"
	"argos/io/kafkaio"
)

// ErrLeft says that the following of a job has ended, and the job has not.
var ErrLeft = errors.New("the job goes on")

// Follow tells of the job until it ends: nil when it was stopped. When the context ends, a job whose workers are the cluster's goes
// on (ErrLeft); one whose workers are here is stopped with a savepoint.
func (j *FlinkJob) Follow(ctx context.Context) error {
	defer j.ends.close()
	defer j.end()
	var watching sync.WaitGroup
	defer watching.Wait()
	seen, end := context.WithCancel(ctx)
	defer end()
	if store, _, err := j.ends.open(ctx, &j.cfg); err == nil { // else Ready says so
		watching.Go(func() { (&kafkaio.Headroom{Kafka: j.cfg.Kafka, Topic: j.cfg.Topic, Store: store}).Follow(seen) })
	}
	err := j.follow(ctx)
	if ctx.Err() == nil || !errors.Is(err, ErrLeft) || !j.on.Loopback || j.back {
		return err
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if _, err = j.Stop(stopping); err != nil { // it restarts at this moment, say: it must not go on without its workers
		err = errors.Join(err, j.on.withdraw(ctx, j.name, nil))
	}
	return err
}

// stopWithin bounds the stop of a job: what its bundles hold is stored before, and its state is copied.
const stopWithin = time.Minute

// Stop ends the job with a savepoint, and returns where that is.
func (j *FlinkJob) Stop(ctx context.Context) (string, error) {
	folder := ""
	if j.on.Checkpoints != "" {
		folder = address(j.on.Checkpoints) + "/" + j.on.Name + "/savepoints"
	}
	path, err := j.on.Cluster.Stop(ctx, j.id, folder)
	if err != nil {
		return "", fmt.Errorf("stop job %s: %w", j.name, err)
	}
	j.cfg.Log.Info("the job was stopped with a savepoint; --resume goes on from there", "job", j.name, "savepoint", path)
	return path, nil
}

// StopFlink stops the pipeline's job with a savepoint, and returns where that is.
func StopFlink(ctx context.Context, cfg Config, on Flink) (string, error) {
	job, err := on.running(ctx)
	if err != nil {
		return "", err
	}
	if job == nil {
		return "", fmt.Errorf("no job of the pipeline %s runs on the cluster at %s", on.Name, on.Cluster)
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	return (&FlinkJob{on: on, cfg: cfg.withDefaults(), id: job.ID, name: job.Name}).Stop(ctx)
}

func (j *FlinkJob) follow(ctx context.Context) error {
	log, last, runs, lost := j.cfg.Log, flink.State(""), false, error(nil)
	var failed time.Time
	first := j.back
	for {
		d, err := j.on.Cluster.Job(ctx, j.id)
		switch {
		case ctx.Err() != nil:
			return ErrLeft
		case errors.Is(err, flink.ErrUnknownJob):
			return fmt.Errorf("job %s is gone: the job manager was restarted and has forgotten it; the same command with --resume goes on from its newest checkpoint", j.name)
		case err != nil && lost == nil:
			log.Warn("the job can't be followed at present; it may go on", "error", err)
		case err == nil && lost != nil:
			log.Info("the job manager answers again")
		}
		if lost = err; err == nil {
			if d.State != last {
				log.Info("the job's state", "job", j.name, "id", j.id, "state", d.State)
				last = d.State
			}
			if all := d.AllRun(); all != runs {
				if runs = all; all {
					log.Info("the pipeline runs on Flink", "job", j.name, "id", j.id, "parallelism", j.on.Parallelism)
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
			case flink.Finished:
				log.Info("the job was stopped")
				return nil
			case flink.Canceled:
				return fmt.Errorf("job %s was cancelled; --resume goes on from its newest checkpoint", j.name)
			case flink.Failed:
				return fmt.Errorf("job %s has failed for good; --resume starts it from its newest checkpoint", j.name)
			}
		}
		if !pause(ctx) {
			return ErrLeft
		}
	}
}

// failures tells of a failure that has not been told of, and ends a job that can never run.
func (j *FlinkJob) failures(ctx context.Context, state flink.State, told *time.Time) error {
	f, err := j.on.Cluster.LastFailure(ctx, j.id)
	if err != nil || !f.At.After(*told) {
		return nil //nolint:nilerr // the next look shows it
	}
	*told = f.At
	why := errors.New(explain(f.Trace, j.on))
	can := !never(f.Trace)
	if can && strings.Contains(f.Trace, kafkaio.ErrLog.Error()) {
		if err := j.refused(ctx); err != nil {
			why, can = err, false
		}
	}
	if !can {
		if !state.Ended() {
			err = j.on.Cluster.Cancel(context.WithoutCancel(ctx), j.id)
		}
		return errors.Join(fmt.Errorf("the job can't run: %w", why), err)
	}
	j.cfg.Log.Error("the job failed; the cluster starts it again from its last checkpoint", "error", why, "where", f.Where)
	return nil
}

// never says that a failure is of a kind that no restart mends.
func never(trace string) bool {
	return strings.Contains(trace, "Cannot run program") || strings.Contains(trace, exitOfBuild) || strings.Contains(trace, restoreFailed) ||
		strings.Contains(trace, kafkaio.ErrEpoch.Error())
}

var exitOfBuild = fmt.Sprintf("exit code %d", ExitBuild)

// ownError begins what a step of ours has said.
const ownError = "Error received from SDK harness for instruction "

const restoreFailed = "Cannot map checkpoint/savepoint state"

// explain makes a sentence of a Java stack trace.
func explain(trace string, on Flink) string {
	began := cmp.Or(on.Savepoint, "the checkpoint that the job began with")
	switch {
	case strings.Contains(trace, "Cannot run program"):
		return fmt.Sprintf("a task manager has no worker at %s: --worker names the path of argos there, or loopback", on.Worker)
	case strings.Contains(trace, exitOfBuild):
		return fmt.Sprintf("the worker at %s on a task manager is another build of argos than this program (%s): deploy the same on both", on.Worker, build())
	case strings.Contains(trace, restoreFailed):
		return began + " is of another pipeline, or its workers ran elsewhere (loopback); without it, this one goes on from the store's marks"
	case strings.Contains(trace, kafkaio.ErrEpoch.Error()):
		return began + " is of another epoch of the topic, where its offsets mean other records; without it, the pipeline goes on from the store's marks"
	case strings.Contains(trace, ownError):
		_, own, _ := strings.Cut(trace, ownError)
		own, _, _ = strings.Cut(own, "\n\tat ") // where Java's frames begin
		return cause(errors.New(own))
	case strings.Contains(trace, "InvalidClassException"), strings.Contains(trace, "NoSuchMethodError"), strings.Contains(trace, "NoClassDefFoundError"):
		return "the job server was built for another version of Flink than the cluster's: " + flink.Sentence(trace)
	}
	why := cause(errors.New(flink.Sentence(trace)))
	if strings.HasPrefix(why, hungUp) {
		return "a worker has ended, killed or without memory (" + why + ")"
	}
	return why
}

// hungUp begins what gRPC says, in several ways, of a worker whose connection has gone.
const hungUp = "CANCELLED: c"
