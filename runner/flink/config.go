// Package flink runs a Beam pipeline on an Apache Flink cluster: it submits the pipeline to Beam's job server,
// follows and stops its job by the job manager, and makes this program the worker of a task manager.
package flink

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"argos/runner/flink/jobmanager"
)

// Config is where and how a pipeline runs on Apache Flink.
type Config struct {
	JobServer string             // of Beam, HOST:PORT
	Cluster   jobmanager.Cluster // the job manager that the job server submits to
	Name      string             // of the pipeline: its jobs are NAME-xxxxxxxx

	Parallelism int
	Interval    time.Duration // between checkpoints
	// a bundle lasts about so long, and a fix waits for up to two: shorter is quicker and costs more
	Bundle  time.Duration
	Backend string // rocksdb, hashmap, or the cluster's own
	// folder or address of the checkpoints and savepoints, for all task managers; the cluster's own unless given
	Checkpoints string

	Savepoint string // a savepoint or retained checkpoint to start from
	Resume    bool   // start from the newest there is; follow the job if one runs

	// Worker is the path of this program on the task managers; Loopback runs the workers in this process instead.
	Worker      string
	Loopback    bool
	WorkerAdmin string // address where each worker has its /metrics; empty: nowhere
}

// MaxBundle is how many elements a bundle has at most.
const MaxBundle = 1000

// options are those of Beam's Flink runner that matter, as its job server names them.
func (f Config) options(job string) map[string]any {
	o := map[string]any{
		"job_name":                           job,
		"streaming":                          true,
		"checkpointing_interval":             f.Interval.Milliseconds(),
		"finish_bundle_before_checkpointing": true, // without it a checkpoint can hang the job for good
		"max_bundle_size":                    MaxBundle,
		"max_bundle_time_mills":              f.Bundle.Milliseconds(), // spelt so
		// A checkpoint outlives its job, so that another can go on from it.
		"externalized_checkpoints_enabled":                true,
		"retain_externalized_checkpoints_on_cancellation": true,
		"fail_on_checkpointing_errors":                    false,
		"enable_stable_input_drain":                       false,
		"environment_cache_millis":                        0, // a worker ends with the attempt that it served
	}
	if f.Checkpoints != "" {
		o["state_backend"], o["state_backend_storage_path"] = f.backend(), address(f.Checkpoints)+"/"+f.Name
	}
	if f.Savepoint != "" {
		o["savepoint_path"] = address(f.Savepoint)
	}
	return o
}

// backend is the state's, in the job server's words.
func (f Config) backend() string {
	if f.Backend == "hashmap" {
		return "filesystem" // its old name, for where its checkpoints go
	}
	return "rocksdb"
}

// address makes one of a path.
func address(path string) string {
	if strings.Contains(path, ":/") {
		return path
	}
	return "file://" + filepath.ToSlash(path)
}

// needed are options without which a job server is not the one that is meant.
var needed = []string{
	"checkpointing_interval",
	"finish_bundle_before_checkpointing",
	"max_bundle_time_mills",
	"max_bundle_size",
	"savepoint_path",
}

// Check says what can't be meant.
func (f Config) Check() error {
	switch {
	case f.Parallelism < 1:
		return errors.New("the parallelism is to be 1 or more")
	case f.Backend != "" && f.Checkpoints == "":
		return fmt.Errorf("a state backend (%s) of the job's own wants a place for its checkpoints", f.Backend)
	case f.Savepoint != "" && f.Resume:
		return errors.New("a job starts from the newest checkpoint or from the one that is named, not both")
	case f.Interval <= 0 || f.Bundle < time.Millisecond:
		return errors.New("the checkpoint interval and the time of a bundle are to be above zero")
	}
	return nil
}
