package pipelines

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"argos"
	"argos/flink"
	"argos/io/sqliteio"
)

// Flink is where and how a pipeline runs on Apache Flink. This file holds all that Flink wants to have otherwise than Prism.
type Flink struct {
	JobServer string        // of Beam, HOST:PORT
	Cluster   flink.Cluster // the job manager that the job server submits to
	Name      string        // of the pipeline: its jobs are NAME-xxxxxxxx

	Parallelism int
	Interval    time.Duration // between checkpoints
	Bundle      time.Duration // a bundle lasts about so long, and a fix waits for up to two: shorter is quicker and costs more
	Backend     string        // rocksdb, hashmap, or the cluster's own
	Checkpoints string        // folder or address of the checkpoints and savepoints, for all task managers; the cluster's own unless given

	Savepoint string // a savepoint or retained checkpoint to start from
	Resume    bool   // start from the newest there is; follow the job if one runs

	// Worker is the path of this program on the task managers; Loopback runs the workers in this process instead.
	Worker      string
	Loopback    bool
	WorkerAdmin string // address where each worker has its /metrics; empty: nowhere
}

// onFlink is what the steps are told.
//
// Back-pressure is the network's, so there is no credit; bundles that fail are the cluster's to repeat, so there is an end to retries.
// A truck's newest record may wait in a bundle of the sink, and nowhere else, until it is stored: a bundle has at most maxBundle parts,
// each of a poll of at most pollRecords.
var onFlink = runner{
	spread:      true,
	patience:    30 * time.Second,
	pollRecords: pollRecords, pollBytes: 2 << 20,
	unstored: 2 * maxBundle * pollRecords,
}

const (
	maxBundle   = 1000
	pollRecords = 10_000 // a partition is polled once a bundle, which lasts longer here than on Prism

	// shardsPerSlot keeps the slots evenly loaded: Flink deals shards out to them by a hash.
	shardsPerSlot = 32
)

// options are those of Beam's Flink runner that matter, as its job server names them.
func (f Flink) options(job string) map[string]any {
	o := map[string]any{
		"job_name":                           job,
		"streaming":                          true,
		"checkpointing_interval":             f.Interval.Milliseconds(),
		"finish_bundle_before_checkpointing": true, // without it a checkpoint can hang the job for good
		"max_bundle_size":                    maxBundle,
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
func (f Flink) backend() string {
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
var needed = []string{"checkpointing_interval", "finish_bundle_before_checkpointing", "max_bundle_time_mills", "max_bundle_size", "savepoint_path"}

// Check says what can't be meant.
func (f Flink) Check() error {
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

// configured fits what the pipeline is told to the runner.
func (f Flink) configured(cfg Config, partitions int) Config {
	if cfg.Shards == 0 {
		// A multiple of the partitions, so that one partition feeds each shard.
		cfg.Shards = (shardsPerSlot*f.Parallelism + partitions - 1) / partitions * partitions
	}
	return cfg
}

// reachable makes the address of a store mean the same to a worker, whose folder is another. A file has to be on its machine.
func reachable(uri string) (string, error) {
	path, is := strings.CutPrefix(uri, sqliteio.Scheme+":")
	if !is || strings.HasPrefix(path, "/") {
		return uri, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path of the store %s: %w", argos.Redacted(uri), err)
	}
	return sqliteio.Scheme + ":" + filepath.ToSlash(abs), nil
}
