package flink

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"argos/runner/flink/jobmanager"
)

// isOurs says whether a job of the cluster is one of this pipeline.
func (f Config) isOurs(j jobmanager.Job) bool {
	own, ok := strings.CutPrefix(j.Name, f.Name+"-")
	_, err := hex.DecodeString(own)
	return ok && len(own) == 8 && err == nil
}

// Running is the job of this pipeline that has not ended; nil: none. One that is about to end is waited for.
func (f Config) Running(ctx context.Context) (*jobmanager.Job, error) {
	for {
		jobs, err := f.Cluster.Jobs(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(jobs, func(j jobmanager.Job) bool { return f.isOurs(j) && !j.State.Ended() })
		if i < 0 {
			return nil, nil //nolint:nilnil // none
		}
		if jobs[i].State != jobmanager.Cancelling {
			return &jobs[i], nil
		}
		if !pause(ctx) {
			return nil, fmt.Errorf("wait for the end of job %s: %w", jobs[i].Name, ctx.Err())
		}
	}
}

// Newest finds the newest state of the pipeline: in the folder, which outlives the job manager, else by what that
// remembers.
func (f Config) Newest(ctx context.Context) (string, error) {
	if f.Checkpoints != "" {
		if path, err := jobmanager.NewestIn(address(f.Checkpoints) + "/" + f.Name); err != nil || path != "" {
			return path, err
		}
	}
	jobs, err := f.Cluster.Jobs(ctx)
	if err != nil {
		return "", err
	}
	var best *jobmanager.Checkpoint
	for _, j := range jobs {
		if !f.isOurs(j) {
			continue
		}
		of, err := f.Cluster.Checkpoints(ctx, j.ID)
		if err != nil {
			return "", err
		}
		if n := of.Newest(); n != nil && (best == nil || n.Taken > best.Taken) {
			best = n
		}
	}
	if best == nil {
		return "", nil
	}
	return best.Path, nil
}
