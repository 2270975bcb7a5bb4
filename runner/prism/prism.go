// Package prism runs a Beam pipeline on Prism, Beam's local runner, in this process.
package prism

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"

	"argos/runner"
)

// NoSplit forbids Prism to split stateful bundles that stall: it would run one key twice at once and lose state.
// The same as Beam's --experiments flag.
const NoSplit = "prism_disable_sdf_split"

// endWithin is how long a cancelled job may take to say so.
const endWithin = 5 * time.Second

// server is Prism's job service, one for all jobs of the process: Prism cannot take one down again. It is not reached
// through prism.Execute, which leaves a temporary file behind for each job and has no way to cancel one.
var server = sync.OnceValues(func() (jobpb.JobServiceClient, error) {
	runner.InitBeam()
	raiseProcs()
	return prism.CreateJobServer(context.Background(), prism.Options{})
})

// settles is how long Prism may take from a job's submission to asking for its worker. When the worker is gone by then, Prism panics the
// process (environments.go, externalEnvironment).
const settles = time.Second

// Run runs a pipeline on Prism, with its worker in this process, until it ends or fails, or ctx does and the job is
// cancelled. What is in flight then is dropped. The error is the runner's own words: Go errors do not cross its protocol.
func Run(ctx context.Context, name string, p *beam.Pipeline, experiments ...string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	prism, err := server()
	if err != nil {
		return fmt.Errorf("start Prism: %w", err)
	}
	// The worker outlives ctx, so that a job ends before its worker does.
	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	worker, err := extworker.StartLoopback(workerCtx, 0)
	if err != nil {
		return fmt.Errorf("start a Beam worker: %w", err)
	}
	defer worker.Stop(workerCtx)

	id, err := submit(workerCtx, prism, worker, name, p, experiments)
	if err != nil {
		return fmt.Errorf("submit the job to Prism: %w", err)
	}
	submitted := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- runner.Wait(workerCtx, prism, id) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	defer time.Sleep(time.Until(submitted.Add(settles))) // before the deferred end of the worker
	if _, err := prism.Cancel(workerCtx, &jobpb.CancelJobRequest{JobId: id}); err != nil {
		return fmt.Errorf("cancel the job: %w", err)
	}
	select {
	case <-ended: //nolint:errcheck // it was cancelled: how it ended says nothing
		return ctx.Err()
	case <-time.After(endWithin):
		stopWorker()
		<-ended //nolint:errcheck // as above
		return errors.Join(ctx.Err(), fmt.Errorf("the cancelled job did not end within %v", endWithin))
	}
}

func submit(ctx context.Context, prism jobpb.JobServiceClient, worker *extworker.Loopback, name string, p *beam.Pipeline, experiments []string) (string, error) {
	edges, _, err := p.Build()
	if err != nil {
		return "", err
	}
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvExternal, worker.EnvironmentConfig)
	if err != nil {
		return "", err
	}
	env.Dependencies = nil // the worker is this process: there is no binary to stage
	proto, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
	if err != nil {
		return "", err
	}
	prepared, _, _, err := runnerlib.Prepare(ctx, prism, proto, &runnerlib.JobOptions{Name: name, Experiments: experiments, Loopback: true})
	if err != nil {
		return "", err
	}
	return runnerlib.Submit(ctx, prism, prepared, "")
}
