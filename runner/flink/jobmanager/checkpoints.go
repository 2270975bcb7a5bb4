package jobmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Checkpoint is a state of a job that another can start from.
type Checkpoint struct {
	ID       int64  `json:"id"`
	Path     string `json:"external_path"`
	Taken    int64  `json:"latest_ack_timestamp"` // ms
	Size     int64  `json:"state_size"`
	Duration int64  `json:"end_to_end_duration"` // ms
}

// Checkpoints is how a job's checkpoints fare.
type Checkpoints struct {
	Counts struct {
		Completed int64 `json:"completed"`
		Failed    int64 `json:"failed"`
		Restored  int64 `json:"restored"`
	} `json:"counts"`
	Latest struct {
		Completed *Checkpoint `json:"completed"`
		Savepoint *Checkpoint `json:"savepoint"`
		Restored  *struct {
			ID   int64  `json:"id"`
			Path string `json:"external_path"`
		} `json:"restored"`
	} `json:"latest"`
}

// Newest is the newest state to go on from: checkpoint or savepoint.
func (c *Checkpoints) Newest() *Checkpoint {
	n := c.Latest.Completed
	if s := c.Latest.Savepoint; s != nil && s.Path != "" && (n == nil || s.Taken > n.Taken) {
		n = s
	}
	if n == nil || n.Path == "" || strings.HasPrefix(n.Path, "<") { // "<checkpoint-not-externally-addressable>"
		return nil
	}
	n.Path = whole(n.Path)
	return n
}

// Checkpoints asks for those of a job.
func (c Cluster) Checkpoints(ctx context.Context, id string) (of Checkpoints, err error) {
	if err := c.call(ctx, http.MethodGet, "/jobs/"+id+"/checkpoints", nil, &of); err != nil {
		return of, fmt.Errorf("ask for the job's checkpoints: %w", err)
	}
	return of, nil
}

// Stop ends a job with a savepoint, and returns where that is: the next one goes on from there and reads nothing
// twice. An empty folder is the cluster's own. It waits until the job has ended, as long as the context lasts.
func (c Cluster) Stop(ctx context.Context, id, folder string) (string, error) {
	return c.savepoint(ctx, id, "/stop", map[string]any{"drain": false, "targetDirectory": orNil(folder), "formatType": "NATIVE"})
}

// Savepoint takes one of a job that goes on.
func (c Cluster) Savepoint(ctx context.Context, id, folder string) (string, error) {
	return c.savepoint(ctx, id, "/savepoints", map[string]any{"cancel-job": false, "target-directory": orNil(folder), "formatType": "NATIVE"})
}

// whole writes a file's address as everybody else does: Java leaves out the empty host.
func whole(address string) string {
	if rest, is := strings.CutPrefix(address, "file:/"); is && !strings.HasPrefix(rest, "/") {
		return "file:///" + rest
	}
	return address
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// maxUnanswered is how many questions in a row may go without an answer before a job manager counts as gone: some
// seconds, with one that refuses connections.
const maxUnanswered = 50

func (c Cluster) savepoint(ctx context.Context, id, how string, body any) (string, error) {
	var asked struct {
		ID string `json:"request-id"`
	}
	if err := c.call(ctx, http.MethodPost, "/jobs/"+id+how, body, &asked); err != nil {
		return "", fmt.Errorf("ask for a savepoint: %w", err)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for unanswered := 0; ; {
		var of struct {
			Status struct {
				ID string `json:"id"`
			} `json:"status"`
			Operation struct {
				Location string `json:"location"`
				Failure  *struct {
					Trace string `json:"stack-trace"`
				} `json:"failure-cause"`
			} `json:"operation"`
		}
		// The savepoint is under way, whatever becomes of a question: one that has no answer is asked again.
		switch err := c.call(ctx, http.MethodGet, "/jobs/"+id+"/savepoints/"+asked.ID, nil, &of); {
		case err == nil:
			unanswered = 0
		case ctx.Err() != nil || errors.Is(err, ErrUnknownJob) || unanswered == maxUnanswered:
			return "", fmt.Errorf("wait for the savepoint: %w", err)
		default:
			unanswered++
		}
		if of.Operation.Failure != nil { // of an operation that is completed all the same
			return "", fmt.Errorf("the savepoint failed: %s", Sentence(of.Operation.Failure.Trace))
		}
		if of.Status.ID == "COMPLETED" {
			return whole(of.Operation.Location), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the savepoint: %w", ctx.Err())
		}
	}
}
