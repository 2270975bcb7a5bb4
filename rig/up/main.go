// Command up starts an Apache Kafka and an Apache Flink of two task managers on this machine, for trying things out, and ends them with
// itself. It prints where they are as variables that argos reads.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"argos/rig"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "up:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "argos-up-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's folder for such
	for _, sub := range []string{"kafka", "flink"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "starting Apache Kafka and Apache Flink; the first time their jars are fetched, some 300 MB")
	kafka, err := rig.StartKafka(ctx, filepath.Join(dir, "kafka"), rig.KafkaConfig{})
	if err != nil {
		return err
	}
	defer func() { kafka.Kill() }()
	flink, err := rig.StartFlink(ctx, filepath.Join(dir, "flink"), rig.FlinkConfig{TaskManagers: 2, Slots: 2})
	if err != nil {
		return err
	}
	defer flink.Kill()
	fmt.Printf("export ARGOS_KAFKA=%s ARGOS_FLINK_REST=%s ARGOS_JOB_SERVER=%s ARGOS_CHECKPOINTS=%s\n", kafka.Addr, flink.REST, flink.JobServer, flink.Checkpoints)
	fmt.Fprintf(os.Stderr, "Flink's own page: http://%s/   Ctrl-C ends all of it\n", flink.REST)
	<-ctx.Done()
	return nil
}
