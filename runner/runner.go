// Package runner holds what Beam's runners have in common, as this program uses them: how Beam is prepared in this
// process, how a job is followed over Beam's job service, and how what a runner says of a failure is read. It knows
// any Beam pipeline, and none of ours.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
)

// InitBeam prepares Beam for workers in this process, which log here. It does so once a process, for Beam's
// registries are the process's.
var InitBeam = sync.OnceFunc(func() {
	log := slog.Default()
	beam.Init()
	slog.SetDefault(log) // Init has put one of its own there
	hooks.DisableHook(harness.DefaultRemoteLoggingHook)
	silenceCutOff()
})

// Wait returns when the job has ended: nil when it is done or cancelled.
func Wait(ctx context.Context, service jobpb.JobServiceClient, id string) error {
	stream, err := service.GetMessageStream(ctx, &jobpb.JobMessagesRequest{JobId: id})
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

// Cause is the innermost reason in what a runner says of a failed job: the plan and stack around it are Beam's own.
func Cause(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "caused by:"); i >= 0 {
		text = text[i+len("caused by:"):]
	}
	return strings.Join(strings.Fields(text), " ")
}
