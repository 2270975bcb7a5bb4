package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/io/kafkaio"
	"argos/pipelines"
	"argos/runner/flink"
	"argos/runner/flink/jobmanager"
)

// clusterFlags say where a Flink cluster is and how a job runs on it.
type clusterFlags struct {
	JobServer   string `help:"Beam's job server for Flink, HOST:PORT." default:"127.0.0.1:8099"`
	FlinkRest   string `help:"REST address of the job manager that it submits to, HOST:PORT." default:"127.0.0.1:8081"`
	Parallelism int    `help:"Slots that the job takes." default:"2"`
	Worker      string `help:"Path of argos on the task managers, the same build as this one; its own path unless given. loopback: workers in this process, for a laptop." placeholder:"PATH"`
}

func (f clusterFlags) cluster() (flink.Config, error) {
	on := flink.Config{
		JobServer:   f.JobServer,
		Cluster:     jobmanager.At(f.FlinkRest),
		Parallelism: f.Parallelism,
		Worker:      f.Worker,
	}
	switch f.Worker {
	case "loopback":
		on.Worker, on.Loopback = "", true
	case "":
		self, err := os.Executable()
		if err != nil {
			return on, fmt.Errorf("path of this program: %w", err)
		}
		on.Worker = self
	}
	return on, nil
}

// flinkFlags are those of the live pipeline.
type flinkFlags struct {
	clusterFlags

	JobName            string        `help:"Name of the pipeline on the cluster." default:"argos"`
	CheckpointInterval time.Duration `help:"Time between checkpoints." default:"10s"`
	Bundle             time.Duration `help:"About how long a bundle lasts; a fix waits for up to two." default:"20ms"`
	StateBackend       string        `help:"rocksdb or hashmap, with --checkpoints; the cluster's own unless given." enum:",rocksdb,hashmap" default:""`
	Checkpoints        string        `help:"Folder or address for checkpoints and savepoints, the same for all task managers; the cluster's own unless given." placeholder:"PATH"`
	Savepoint          string        `help:"Start from this savepoint or checkpoint." placeholder:"PATH"`
	Resume             bool          `help:"Follow the job if it runs, else start it from its newest checkpoint or savepoint."`
	Stop               bool          `help:"Stop the running job with a savepoint, print where that is, and end."`
	WorkerAdmin        string        `help:"Address of each worker's /metrics; none unless given." placeholder:"HOST:PORT"`
}

func (f flinkFlags) runner() (flink.Config, error) {
	on, err := f.cluster()
	on.Name, on.Interval, on.Bundle, on.Backend = f.JobName, f.CheckpointInterval, f.Bundle, f.StateBackend
	on.Checkpoints, on.Savepoint, on.Resume, on.WorkerAdmin = f.Checkpoints, f.Savepoint, f.Resume, f.WorkerAdmin
	for _, place := range []*string{&on.Checkpoints, &on.Savepoint} {
		if err == nil && *place != "" && !strings.Contains(*place, ":/") { // a task manager's folder is another
			*place, err = filepath.Abs(*place)
		}
	}
	return on, err
}

// check refuses what means nothing to another runner, and would be dangerous to overlook: --stop would start a
// pipeline.
func (f flinkFlags) check(runner string) error {
	if runner != "flink" && (f.Stop || f.Resume || f.Savepoint != "") {
		return fmt.Errorf(
			"--stop, --resume and --savepoint are for --runner flink; on %s a pipeline goes on from the store's marks by itself, and Ctrl-C stops it",
			runner,
		)
	}
	return nil
}

func (c pipelineCmd) onFlink(ctx context.Context, log *slog.Logger, shards int, out terminal) error {
	on, err := c.runner()
	if err != nil {
		return err
	}
	cfg := pipelines.Config{
		Kafka: c.cluster(), StoreURI: c.Store, Shards: shards, Memory: int64(c.Memory), Log: log,
		NewEpoch: c.NewEpoch, AcceptPartitions: c.AcceptPartitions,
	}
	if c.Stop {
		path, err := on.Stop(ctx, log)
		if err == nil {
			fmt.Fprintln(out.out, path)
		}
		return err
	}
	l, err := listenAfter(ctx, c.Admin)
	if err != nil {
		return err
	}
	defer l.Close()
	job, err := pipelines.StartFlink(ctx, cfg, on)
	if err != nil {
		return err
	}
	log.Info(
		"the job is on the cluster",
		"flink",
		on.Cluster.String(),
		"kafka",
		cfg.Kafka.String(),
		"store",
		argos.Redacted(c.Store),
		"admin",
		l.Addr().String(),
	)
	reg := prometheus.NewRegistry()
	reg.MustRegister(flink.Collector(job.Job))
	if on.Loopback {
		reg.MustRegister(pipelines.Collectors()...)
	} else {
		reg.MustRegister(kafkaio.HeadroomCollectors()...)
	}
	go server(admin{reg: reg, ready: job.Ready}.handler(), log).Serve(l) //nolint:errcheck // closed above
	if err = job.Follow(ctx); errors.Is(err, flink.ErrLeft) {
		log.Info("the job goes on without this command: --resume follows it again, --stop ends it with a savepoint")
		return nil
	}
	return err
}

// leaves is how soon a command that follows a job has seen that another stopped it, and is gone.
const leaves = 5 * time.Second

// listenAfter is listen where the last command may still have the address.
func listenAfter(ctx context.Context, addr string) (net.Listener, error) {
	for end := time.Now().Add(leaves); ; {
		l, err := listen(ctx, addr)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return l, err
		}
		select {
		case <-time.After(leaves / 20):
		case <-ctx.Done():
			return nil, err
		}
	}
}
