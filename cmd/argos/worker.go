package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"argos/pipelines"
	"argos/runner/flink"
)

// worker is this program as a Beam worker, which a cluster's task manager has started and will kill.
func worker(args []string, stderr io.Writer) int {
	ctx := context.Background()
	serveMetrics(ctx, os.Getenv(flink.WorkerAdmin), stderr)
	switch err := flink.Work(ctx, args); {
	case errors.Is(err, flink.ErrBuild):
		fmt.Fprintf(stderr, "argos: %v\n", err)
		return flink.ExitBuild
	case err != nil:
		fmt.Fprintf(stderr, "argos: %v\n", err)
		return 1
	}
	return 0
}

// serveMetrics opens the admin endpoints. Workers of one machine share an address: the first has it, and the others go without.
func serveMetrics(ctx context.Context, addr string, stderr io.Writer) {
	if addr == "" {
		return
	}
	l, err := listen(ctx, addr)
	if err != nil {
		fmt.Fprintf(stderr, "argos: this worker has no metrics: %v\n", err)
		return
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(pipelines.Collectors()...)
	h := admin{reg: reg, ready: pipelines.WorkerReady}.handler()
	go server(h, slog.New(slog.NewTextHandler(stderr, nil))).Serve(l) //nolint:errcheck // it ends with the process
}
