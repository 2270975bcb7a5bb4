package flink

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"argos/runner"
)

// JobServer is Beam's, which translates a pipeline for Flink and submits it. Beam's own Go client passes on five
// options and calls every other one undefined; Flink needs more.
type JobServer struct {
	addr   string
	conn   *grpc.ClientConn
	client jobpb.JobServiceClient
}

const (
	serverTimeout = 20 * time.Second // for the job server to answer: it does at once or is not there
	submitWithin  = time.Minute      // for it to take a pipeline
)

// Dial connects to a job server, and finds out whether it is one for Flink that knows what is needed.
func Dial(ctx context.Context, addr string) (*JobServer, error) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("address of the job server %q: %w", addr, err)
	}
	s := &JobServer{addr, conn, jobpb.NewJobServiceClient(conn)}
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	known, err := s.client.DescribePipelineOptions(ctx, &jobpb.DescribePipelineOptionsRequest{})
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("no Beam job server answers at %s: %s", addr, said(err))
	}
	has := map[string]bool{}
	for _, o := range known.GetOptions() {
		has[o.GetName()] = true
	}
	for _, name := range needed {
		if !has[name] {
			s.Close()
			return nil, fmt.Errorf(
				"the job server at %s is none for Flink, or another version than 2.65 to 2.77: it does not know the option %s",
				addr,
				name,
			)
		}
	}
	return s, nil
}

// said is what a gRPC error says, without the layers around it.
func said(err error) string {
	text := status.Convert(err).Message()
	for _, layer := range []string{"desc = ", "error while dialing: ", "Error while dialing: "} {
		if i := strings.LastIndex(text, layer); i >= 0 {
			text = text[i+len(layer):]
		}
	}
	return strings.Trim(text, `"`)
}

// Close ends the connection.
func (s *JobServer) Close() { _ = s.conn.Close() } // what was asked has been answered

// follow returns when, and why, the job server is done with a job; the channel is closed then. It lasts as long as
// the connection, for a job that nobody waits for any longer is still to be withdrawn.
func (s *JobServer) follow(ctx context.Context, id string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		defer close(ended)
		ended <- runner.Wait(context.WithoutCancel(ctx), s.client, id)
	}()
	return ended
}

// submit starts a pipeline and returns Beam's id of the job, which is not Flink's. Once begun it is not cut off: it
// would be unknown whether there is a job.
func (s *JobServer) submit(
	ctx context.Context,
	p *beam.Pipeline,
	env *pipepb.Environment,
	name string,
	parallelism int,
	options map[string]any,
) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitWithin)
	defer cancel()
	runner.InitBeam()
	edges, _, err := p.Build()
	if err != nil {
		return "", fmt.Errorf("build the pipeline: %w", err)
	}
	env.Dependencies = nil // the worker is where it is needed: there is no binary to stage
	pipeline, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
	if err != nil {
		return "", fmt.Errorf("encode the pipeline: %w", err)
	}
	sent, err := tools.OptionsToProto(runtime.RawOptionsWrapper{
		Options: beam.PipelineOptions.Export(), AppName: name, Experiments: []string{"beam_fn_api"}, Parallelism: parallelism,
	})
	if err != nil {
		return "", fmt.Errorf("encode the options: %w", err)
	}
	for o, v := range maps.All(options) {
		if sent.Fields["beam:option:"+o+":v1"], err = structpb.NewValue(v); err != nil {
			return "", fmt.Errorf("encode the option %s: %w", o, err)
		}
	}
	prepared, err := s.client.Prepare(
		ctx,
		&jobpb.PrepareJobRequest{Pipeline: pipeline, PipelineOptions: sent, JobName: name},
	)
	if err != nil {
		return "", fmt.Errorf("the job server at %s does not take the pipeline: %s", s.addr, said(err))
	}
	// The server wants the conversation about files even when there are none.
	staging := prepared.GetArtifactStagingEndpoint().GetUrl()
	token, err := runnerlib.Stage(ctx, prepared.GetPreparationId(), staging, "", prepared.GetStagingSessionToken())
	if err != nil {
		return "", fmt.Errorf("the job server's artifact service at %s can't be used: %s", staging, said(err))
	}
	id, err := runnerlib.Submit(ctx, s.client, prepared.GetPreparationId(), token)
	if err != nil {
		return "", fmt.Errorf("the job server at %s does not run the pipeline: %s", s.addr, said(err))
	}
	return id, nil
}
