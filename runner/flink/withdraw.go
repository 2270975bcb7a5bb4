package flink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"argos/runner/flink/jobmanager"
)

// Withdraw cancels a submitted job, and returns when it has left the cluster; ctx's end does not matter. What the job
// server has taken comes to the cluster even when nobody waits for it, so a job that is not there yet is waited for,
// unless ended says that the server is done with it. The server's own cancelling misses a job that restarts at that
// moment, which then holds slots for ever.
func (f Config) Withdraw(ctx context.Context, name string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appearWithin)
	defer cancel()
	for over, told := false, false; ; {
		jobs, err := f.Cluster.Jobs(ctx)
		if err == nil {
			i := slices.IndexFunc(jobs, func(j jobmanager.Job) bool { return j.Name == name })
			switch {
			case i < 0 && over, i >= 0 && jobs[i].State.Ended():
				return nil
			case i < 0 && !told:
				slog.Info("the job is taken back as soon as the cluster has it", "job", name)
				told = true
			case i >= 0:
				over = true // one that the job manager forgets now does not come again
				if jobs[i].State != jobmanager.Cancelling {
					err = f.Cluster.Cancel(ctx, jobs[i].ID)
				}
			}
		}
		select {
		case <-ended: //nolint:errcheck // it was withdrawn: how it ended says nothing
			over, ended = true, nil
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return errors.Join(
				fmt.Errorf("job %s may be left on the cluster at %s: cancel it there", name, f.Cluster),
				err,
			)
		}
	}
}
