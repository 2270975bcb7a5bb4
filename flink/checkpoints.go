package flink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

// Stop ends a job with a savepoint, and returns where that is: the next one goes on from there and reads nothing twice. An empty
// folder is the cluster's own. It waits until the job has ended, as long as the context lasts.
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

func (c Cluster) savepoint(ctx context.Context, id, how string, body any) (string, error) {
	var asked struct {
		ID string `json:"request-id"`
	}
	if err := c.call(ctx, http.MethodPost, "/jobs/"+id+how, body, &asked); err != nil {
		return "", fmt.Errorf("ask for a savepoint: %w", err)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
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
		if err := c.call(ctx, http.MethodGet, "/jobs/"+id+"/savepoints/"+asked.ID, nil, &of); err != nil {
			return "", fmt.Errorf("wait for the savepoint: %w", err)
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

// metadata is written last into the folder of a checkpoint or savepoint: without it, it is not one.
const metadata = "_metadata"

// NewestIn finds the newest checkpoint or savepoint below a folder that this machine can read, where a job manager that was restarted
// remembers nothing; "" when there is none. A folder of another scheme than file can't be searched.
func NewestIn(folder string) (string, error) {
	path, ok := strings.CutPrefix(folder, "file:")
	if !ok && strings.Contains(folder, "://") {
		return "", nil
	}
	if ok {
		path = "/" + strings.TrimLeft(path, "/")
	}
	type found struct {
		dir string
		at  time.Time
	}
	var all []found
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a checkpoint that was replaced while we looked, or no folder yet
			return nil
		}
		if err != nil || d.Name() != metadata {
			return err
		}
		i, err := os.Stat(p)
		if err == nil && i.Size() > 0 {
			all = append(all, found{filepath.Dir(p), i.ModTime()})
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("look for checkpoints: %w", err)
	}
	if len(all) == 0 {
		return "", nil
	}
	n := slices.MaxFunc(all, func(a, b found) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return "file://" + filepath.ToSlash(n.dir), nil
}
