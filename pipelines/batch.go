package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"argos/flink"
)

const leaveWithin = 30 * time.Second // for a cancelled job to leave the cluster

// runBatch runs a bounded pipeline to its end: on Prism, or on a Flink cluster if one is given. Files that it reads and writes have to be
// where the workers are. When ctx ends, the job is cancelled.
func runBatch(ctx context.Context, name string, p *beam.Pipeline, on *Flink) error {
	if on == nil {
		return runPrism(ctx, name, p, noSplit)
	}
	name += "-" + unique() // on a cluster others have jobs too
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
	outlives := context.WithoutCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- wait(outlives, server.client, id) }()
	failed := make(chan error, 1)
	looking, stop := context.WithCancel(ctx)
	defer stop()
	go func() { failed <- on.failure(looking, name) }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("on Flink: %s", explain(err.Error(), *on))
		}
		return nil
	case err = <-failed:
	}
	_, cancelErr := server.client.Cancel(outlives, &jobpb.CancelJobRequest{JobId: id})
	return errors.Join(err, cancelErr, on.end(outlives, name))
}

// end cancels a job at the cluster, and returns when it has ended: the job server's own cancelling misses one that restarts at that moment,
// which then holds slots for ever.
func (f Flink) end(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	for {
		jobs, err := f.Cluster.Jobs(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(jobs, func(j flink.Job) bool { return j.Name == name && !j.State.Ended() })
		if i < 0 {
			return nil
		}
		if jobs[i].State != flink.Cancelling {
			if err := f.Cluster.Cancel(ctx, jobs[i].ID); err != nil {
				return err
			}
		}
		if !pause(ctx) {
			return fmt.Errorf("job %s does not end; cancel it on the cluster at %s", name, f.Cluster)
		}
	}
}

// failure returns why a job fails: an error of ours comes again at each attempt, and many a cluster would try for ever. Or ctx's error.
func (f Flink) failure(ctx context.Context, name string) error {
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
			if err == nil && (never(last.Trace) || strings.Contains(last.Trace, ownError)) {
				return fmt.Errorf("on Flink: %s", explain(last.Trace, f))
			}
		}
	}
	return ctx.Err()
}
