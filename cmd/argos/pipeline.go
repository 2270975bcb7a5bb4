package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/membership"
	"argos/pipelines"
)

type pipelineCmd struct {
	kafkaFlags `embed:"" set:"kafka=127.0.0.1:9092"`

	Store  string `help:"Where the documents live, such as sqlite:trucks.db or mongodb://HOST/argos." default:"sqlite:trucks.db"`
	Runner string `help:"What runs the pipeline: prism, in this process, or flink, a cluster of Apache Flink." enum:"prism,flink" default:"prism"`
	Shards string `help:"Keys of the stateful step: a multiple of the partitions, auto for as many as partitions (on Flink, 32 a slot), 0 for one a truck." default:"auto"`
	Admin  string `help:"Address for /metrics, /healthz, /readyz and pprof." default:"127.0.0.1:9102"`

	NewEpoch         bool `help:"The topic was remade under its old name: start at its beginning."`
	AcceptPartitions bool `help:"The topic has grown: store what was written before, then go on with all partitions."`

	tracksMemory `embed:""`
	flinkFlags   `embed:"" group:"With --runner flink:"`
}

func (pipelineCmd) Help() string {
	return `Starts where the store's marks say, else at the log's beginning, and resumes by itself after a failure. Pipelines of one
topic and store share its partitions, as members of a consumer group: start another to add a worker. A
relative --store in another folder is another store.

With --runner flink it submits a job to a Flink cluster by Beam's job server, and follows it until it ends. Ctrl-C leaves the job
running; only with --worker loopback, whose workers are in this process, it stops the job with a savepoint. --stop does that to a running
job. --resume is the one command to go on with, whatever has happened: it follows the job if it runs, else submits it again from its newest
checkpoint or savepoint, else from the store's marks. Each of the three is exact: a checkpoint only spares reading tracks from the store.

Examples:
  argos pipeline --kafka kafka-1:9092 --store sqlite:/var/lib/argos/trucks.db
  argos pipeline --shards 64
  argos pipeline --runner flink --job-server jobs:8099 --flink-rest jobs:8081 --parallelism 4 --checkpoints s3://argos/flink --resume
  argos pipeline --runner flink --flink-rest jobs:8081 --stop`
}

// Validate is called by kong.
func (c pipelineCmd) Validate() error {
	return errors.Join(c.tracksMemory.check(), c.flinkFlags.check(c.Runner))
}

func (c pipelineCmd) Run(ctx context.Context, log *slog.Logger, term terminal) error {
	shards, err := parseShards(c.Shards)
	if err != nil {
		return err
	}
	if c.Runner == "flink" {
		return c.onFlink(ctx, log, shards, term)
	}
	l, err := listen(ctx, c.Admin)
	if err != nil {
		return err
	}
	defer l.Close()
	reg := prometheus.NewRegistry()
	reg.MustRegister(pipelines.Collectors()...)
	at := c.cluster()
	live, err := pipelines.Start(context.WithoutCancel(ctx), pipelines.Config{
		Kafka: at, StoreURI: c.Store, Shards: shards, Memory: int64(c.Memory), Log: log,
		NewEpoch: c.NewEpoch, AcceptPartitions: c.AcceptPartitions, Instance: membership.Instance(l.Addr()),
	})
	if err != nil {
		return err
	}
	// The address, which names this worker in its group, is held to the end.
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() {
		defer end()
		select {
		case <-live.Done(): // its error is told below
		case <-ctx.Done():
		case <-serving.Done(): // the listener has failed
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopDeadline-shutdownTimeout)
		defer cancel()
		stopped <- live.Stop(stopping)
	}()
	err = serveUntil(serving, log, l, admin{reg: reg, ready: live.Ready}.handler(), "", admin{}, func() {
		log.Info(
			"pipeline cleans fixes",
			"kafka",
			at.String(),
			"store",
			argos.Redacted(c.Store),
			"admin",
			l.Addr().String(),
		)
	})
	end()
	if serr := <-stopped; err == nil && serr != nil {
		err = fmt.Errorf("stop the pipeline: %w", serr)
	}
	return err
}

// parseShards reads --shards as the pipeline takes it.
func parseShards(s string) (int, error) {
	if s == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || n < 0:
		return 0, fmt.Errorf("--shards %s: want auto, 0 or a multiple of the partitions", s)
	case n == 0:
		return pipelines.PerTruck, nil
	}
	return n, nil
}
