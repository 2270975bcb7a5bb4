package pipelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"argos/flink"
)

// runBatch runs a bounded pipeline to its end: on Prism, or on a Flink cluster if one is given. Files that it reads and writes have to be
// where the workers are. When ctx ends, the job is cancelled.
func runBatch(ctx context.Context, name string, p *beam.Pipeline, on *Flink) error {
	if on == nil {
		return runPrism(ctx, name, p, noSplit)
	}
	if on.Parallelism < 1 {
		return errors.New("the parallelism is to be 1 or more")
	}
	if err := on.roomFor(ctx, Config{}.withDefaults()); err != nil {
		return err
	}
	server, err := dialJobServer(ctx, on.JobServer)
	if err != nil {
		return err
	}
	defer server.close()
	var env *pipeline_v1.Environment
	if on.Loopback {
		var end func()
		if env, end, err = loopback(ctx); err == nil {
			defer end()
		}
	} else {
		env, err = bakedIn(ctx, *on)
	}
	if err != nil {
		return err
	}
	id, err := server.submit(ctx, p, env, name, on.Parallelism, map[string]any{"job_name": name, "number_of_execution_retries": 0})
	if err != nil {
		return err
	}
	ended := server.follow(ctx, id)
	failed := make(chan error, 1)
	looking, stop := context.WithCancel(ctx)
	defer stop()
	go func() { failed <- on.failure(looking, name) }()
	select {
	case err = <-ended:
		if err == nil {
			return nil
		}
		err = fmt.Errorf("on Flink: %s", explain(err.Error(), *on)) // maybe only the job server has ended
	case err = <-failed:
	}
	return errors.Join(err, on.withdraw(ctx, name, ended))
}

// withdraw cancels a submitted job, and returns when it has left the cluster; ctx's end does not matter. What the job server has taken
// comes to the cluster even when nobody waits for it, so a job that is not there yet is waited for, unless ended says that the server is
// done with it. The server's own cancelling misses a job that restarts at that moment, which then holds slots for ever.
func (f Flink) withdraw(ctx context.Context, name string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appearWithin)
	defer cancel()
	for over, told := false, false; ; {
		jobs, err := f.Cluster.Jobs(ctx)
		if err == nil {
			i := slices.IndexFunc(jobs, func(j flink.Job) bool { return j.Name == name })
			switch {
			case i < 0 && over, i >= 0 && jobs[i].State.Ended():
				return nil
			case i < 0 && !told:
				slog.Info("the job is taken back as soon as the cluster has it", "job", name)
				told = true
			case i >= 0:
				over = true // one that the job manager forgets now does not come again
				if jobs[i].State != flink.Cancelling {
					err = f.Cluster.Cancel(ctx, jobs[i].ID)
				}
			}
		}
		select {
		case <-ended: //nolint:errcheck // it was withdrawn: how it ended says nothing
			over, ended = true, nil
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("job %s may be left on the cluster at %s: cancel it there", name, f.Cluster), err)
		}
	}
}

// failure returns why a job fails: an error of ours comes again at each attempt, and many a cluster would try for ever. Or ctx's error. What
// the cluster may get over is told.
func (f Flink) failure(ctx context.Context, name string) error {
	var told time.Time
	for pause(ctx) {
		jobs, err := f.Cluster.Jobs(ctx)
		if err != nil {
			continue // the job server has the last word
		}
		for _, j := range jobs {
			if j.Name != name {
				continue
			}
			last, err := f.Cluster.LastFailure(ctx, j.ID)
			if err != nil || !last.At.After(told) {
				continue
			}
			told = last.At
			if never(last.Trace) || strings.Contains(last.Trace, ownError) {
				return fmt.Errorf("on Flink: %s", explain(last.Trace, f))
			}
			slog.Warn("the job failed; the cluster starts it again", "job", name, "error", explain(last.Trace, f), "where", last.Where)
		}
	}
	return ctx.Err()
}
