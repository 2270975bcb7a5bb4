package pipelines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
)

// noSplit forbids Prism to split stateful bundles that stall: it would run one key twice at once and lose state.
// The same as Beam's --experiments flag.
const noSplit = "prism_disable_sdf_split"

// endWithin is how long a cancelled job may take to say so.
const endWithin = 5 * time.Second

// server is Prism's job service, one for all jobs of the process: Prism cannot take one down again. It is not reached
// through prism.Execute, which leaves a temporary file behind for each job and has no way to cancel one.
var server = sync.OnceValues(func() (jobpb.JobServiceClient, error) {
	beamInit()
	makeRoom()
	return prism.CreateJobServer(context.Background(), prism.Options{})
})

// onPrism is what the steps are told. Unstored are the credit, the poll that exceeds it, and room for offsets that hold no record.
var onPrism = runner{unstored: 4 * credit}

// prismProcs is how many goroutines may run at once while Prism does.
const prismProcs = 8

// makeRoom keeps Prism from starving this process. From the moment when a bundle's data is complete to that when its
// response has come, Prism's stage spins on a closed channel; two such stages occupy both processors of a small machine,
// and the response that would end it is not even read from its socket. With more runnable goroutines than that the kernel
// shares the processors out. docs/adr/0008 has the figures. GOMAXPROCS in the environment goes before.
func makeRoom() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(prismProcs, runtime.GOMAXPROCS(0)))
	}
}

// beamInit prepares Beam for workers in this process, which log here.
var beamInit = sync.OnceFunc(func() {
	log := slog.Default()
	beam.Init()
	slog.SetDefault(log) // Init has put one of its own there
	hooks.DisableHook(harness.DefaultRemoteLoggingHook)
	silenceCutOff()
})

// settles is how long Prism may take from a job's submission to asking for its worker. When the worker is gone by then, Prism panics the
// process (environments.go, externalEnvironment).
const settles = time.Second

// runPrism runs a pipeline on Prism, with its worker in this process, until it ends or fails, or ctx does and the job is
// cancelled. What is in flight then is dropped. The error is the runner's own words: Go errors do not cross its protocol.
func runPrism(ctx context.Context, name string, p *beam.Pipeline, experiments ...string) error {
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
	go func() { ended <- wait(workerCtx, prism, id) }()
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

// wait returns when the job has ended: nil when it is done or cancelled.
func wait(ctx context.Context, prism jobpb.JobServiceClient, id string) error {
	stream, err := prism.GetMessageStream(ctx, &jobpb.JobMessagesRequest{JobId: id})
	if err != nil {
		return fmt.Errorf("follow the job: %w", err)
	}
	failed := false
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) && !failed {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the job: %w", err)
		}
		switch {
		case m.GetStateResponse() != nil:
			switch m.GetStateResponse().GetState() {
			case jobpb.JobState_DONE, jobpb.JobState_CANCELLED:
				return nil
			case jobpb.JobState_FAILED:
				failed = true // why follows in a message
			}
		case failed && m.GetMessageResponse().GetImportance() >= jobpb.JobMessage_JOB_MESSAGE_ERROR:
			return errors.New(m.GetMessageResponse().GetMessageText())
		}
	}
}
