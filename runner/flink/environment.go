package flink

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"

	"argos/runner"
)

// bakedIn is an environment whose workers are this program, at a path of the task managers' own.
func bakedIn(ctx context.Context, f Config) (*pipepb.Environment, error) {
	env := map[string]string{WorkerBuild: build()}
	if f.WorkerAdmin != "" {
		env[WorkerAdmin] = f.WorkerAdmin
	}
	payload, err := json.Marshal(map[string]any{"command": f.Worker, "env": env})
	if err != nil {
		return nil, err
	}
	return graphx.CreateEnvironment(ctx, graphx.URNEnvProcess, func(context.Context) string { return string(payload) })
}

// loopback is an environment whose workers run in this process, and ends them.
func loopback(ctx context.Context) (*pipepb.Environment, func(), error) {
	runner.InitBeam()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	worker, err := extworker.StartLoopback(ctx, 0)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start a Beam worker: %w", err)
	}
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvExternal, worker.EnvironmentConfig)
	end := func() {
		_ = worker.Stop(ctx) // it has ended what there was
		cancel()
	}
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("describe the Beam worker: %w", err)
	}
	return env, end, nil
}
