package runner

import (
	"context"
	"runtime"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
)

// A worker whose context ends closes the channel of its responses while its bundles, which the same end makes fail, still send
// theirs: a panic of the whole process (core/runtime/harness/harness.go:195 and :213 of Beam 2.77.0). So a bundle of a worker that
// is cut off ends here, before it answers; nobody waits for the answer.
func silenceCutOff() {
	const name = "argos_cut_off"
	hooks.RegisterHook(name, func([]string) hooks.Hook {
		return hooks.Hook{Resp: func(ctx context.Context, req *fnpb.InstructionRequest, _ *fnpb.InstructionResponse) error {
			if ctx.Err() != nil && req.GetProcessBundle() != nil { // only bundles have a goroutine of their own
				runtime.Goexit()
			}
			return nil
		}}
	})
	if err := hooks.EnableHook(name); err != nil {
		panic(err) // it was registered just now
	}
}
