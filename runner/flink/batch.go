package flink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
)

// RunBatch runs a bounded pipeline to its end. Files that it reads and writes have to be where the workers are. When
// ctx ends, the job is cancelled.
func (f Config) RunBatch(ctx context.Context, name string, p *beam.Pipeline) error {
	if f.Parallelism < 1 {
		return errors.New("the parallelism is to be 1 or more")
	}
	if err := f.AwaitSlots(ctx, slog.Default()); err != nil {
		return err
	}
	server, err := Dial(ctx, f.JobServer)
	if err != nil {
		return err
	}
	defer server.Close()
	var env *pipepb.Environment
	if f.Loopback {
		var end func()
		if env, end, err = loopback(ctx); err == nil {
			defer end()
		}
	} else {
		env, err = bakedIn(ctx, f)
	}
	if err != nil {
		return err
	}
	id, err := server.submit(
		ctx,
		p,
		env,
		name,
		f.Parallelism,
		map[string]any{"job_name": name, "number_of_execution_retries": 0},
	)
	if err != nil {
		return err
	}
	ended := server.follow(ctx, id)
	failed := make(chan error, 1)
	looking, stop := context.WithCancel(ctx)
	defer stop()
	go func() { failed <- f.failure(looking, name) }()
	select {
	case err = <-ended:
		if err == nil {
			return nil
		}
		err = fmt.Errorf("on Flink: %s", explain(err.Error(), f)) // maybe only the job server has ended
	case err = <-failed:
	}
	return errors.Join(err, f.Withdraw(ctx, name, ended))
}

// failure returns why a job fails: an error of ours comes again at each attempt, and many a cluster would try for
// ever. Or ctx's error. What the cluster may get over is told.
func (f Config) failure(ctx context.Context, name string) error {
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
			slog.Warn(
				"the job failed; the cluster starts it again",
				"job",
				name,
				"error",
				explain(last.Trace, f),
				"where",
				last.Where,
			)
		}
	}
	return ctx.Err()
}
