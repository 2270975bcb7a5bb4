package pipelines

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"argos/flink"
)

const slotsWithin = 40 * time.Second // for task managers to register with a job manager that was restarted

// isOurs says whether a job of the cluster is one of this pipeline.
func (f Flink) isOurs(j flink.Job) bool {
	own, ok := strings.CutPrefix(j.Name, f.Name+"-")
	_, err := hex.DecodeString(own)
	return ok && len(own) == 8 && err == nil
}

// running is the job of this pipeline that has not ended; nil: none. One that is about to end is waited for.
func (f Flink) running(ctx context.Context) (*flink.Job, error) {
	for {
		jobs, err := f.Cluster.Jobs(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(jobs, func(j flink.Job) bool { return f.isOurs(j) && !j.State.Ended() })
		if i < 0 {
			return nil, nil //nolint:nilnil // none
		}
		if jobs[i].State != flink.Cancelling {
			return &jobs[i], nil
		}
		if !pause(ctx) {
			return nil, fmt.Errorf("wait for the end of job %s: %w", jobs[i].Name, ctx.Err())
		}
	}
}

// newest finds the newest state of the pipeline: in the folder, which outlives the job manager, else by what that remembers.
func (f Flink) newest(ctx context.Context) (string, error) {
	if f.Checkpoints != "" {
		if path, err := flink.NewestIn(address(f.Checkpoints) + "/" + f.Name); err != nil || path != "" {
			return path, err
		}
	}
	jobs, err := f.Cluster.Jobs(ctx)
	if err != nil {
		return "", err
	}
	var best *flink.Checkpoint
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

// roomFor waits until the cluster has a slot for each of the parallel parts, as one whose job manager was restarted has after a while.
func (f Flink) roomFor(ctx context.Context, cfg Config) error {
	for end, told := time.Now().Add(slotsWithin), false; ; {
		o, err := f.Cluster.Overview(ctx)
		if err != nil {
			return err
		}
		if err := fits(o.Version); err != nil {
			return err
		}
		if f.Loopback && o.TaskManagers > 1 { // their workers would have the same names
			return fmt.Errorf("workers in this process serve one task manager, and the cluster at %s has %d: --worker PATH has each start its own", f.Cluster, o.TaskManagers)
		}
		if o.Free >= f.Parallelism {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the cluster at %s has %d task managers and %d slots, of which %d are free; parallelism %d needs as many", f.Cluster, o.TaskManagers, o.Slots, o.Free, f.Parallelism)
		}
		if !told {
			cfg.Log.Info("waiting for free slots", "free", o.Free, "needed", f.Parallelism)
			told = true
		}
		if !pause(ctx) {
			return fmt.Errorf("wait for free slots: %w", ctx.Err())
		}
	}
}

// fits says whether Beam has a runner for a version of Flink.
func fits(version string) error {
	for _, v := range []string{"1.17.", "1.18.", "1.19.", "1.20.", "2."} {
		if strings.HasPrefix(version, v) {
			return nil
		}
	}
	return fmt.Errorf("the cluster runs Flink %s, and Beam's runner wants 1.17 or newer", version)
}
