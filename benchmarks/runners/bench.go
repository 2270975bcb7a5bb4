package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"argos"
	"argos/benchmarks/backlog"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/sqliteio"
	"argos/rig"
	"argos/runner/flink/jobmanager"
)

const partitions = 8

// bench is what the ways share: a broker with the backlog, and a gateway.
type bench struct {
	options
	dir, binary string
	say         io.Writer

	kafka   *rig.Kafka
	gateway *rig.Server
	device  string
	flink   *rig.Flink
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) start(ctx context.Context) (err error) {
	if err := os.Mkdir(b.path("kafka"), 0o755); err != nil {
		return err
	}
	if b.kafka, err = rig.StartKafka(ctx, b.path("kafka"), rig.KafkaConfig{}); err != nil {
		return err
	}
	addrs, err := rig.FreeAddrs(2)
	if err != nil {
		return err
	}
	b.device = addrs[0]
	b.gateway, err = rig.Launch(ctx, saying("gateway takes fixes"), b.binary, "gateway", "--kafka", b.kafka.Addr, "--listen", addrs[0], "--admin", addrs[1], "--partitions", strconv.Itoa(partitions))
	if err != nil {
		return err
	}
	return backlog.Write(ctx, b.kafka.Addr, b.Fixes, b.Fleet)
}

func saying(what string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, what) }
}

func (b *bench) end() {
	if b.flink != nil {
		b.flink.Kill()
	}
	b.gateway.Kill()
	b.kafka.Kill()
}

// held is how many offsets the log has.
func (b *bench) held(ctx context.Context) (n int64, err error) {
	log, err := kafkaio.Offsets(ctx, cluster.Plain(b.kafka.Addr), argos.Topic)
	for _, r := range log {
		n += r.Last
	}
	return n, err
}

// way is one of running the pipeline.
type way struct {
	name  string
	start func(ctx context.Context, store, admin string) (*running, error)
}

// running is a pipeline at work.
type running struct {
	metrics    string // address
	pids       func() []int
	checkpoint func(context.Context) int64 // bytes of the newest; nil: there are none
	crash      func(context.Context) error // kill -9, and started again
	stop       func()
}

func (b *bench) ways() []way {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []way{
		{"native", func(ctx context.Context, store, admin string) (*running, error) {
			return single(ctx, admin, self, nativeRole, b.kafka.Addr, store, admin)
		}},
		{"prism", func(ctx context.Context, store, admin string) (*running, error) {
			return single(ctx, admin, b.binary, "pipeline", "--kafka", b.kafka.Addr, "--store", store, "--admin", admin)
		}},
		{"flink", b.onFlink},
	}
}

// single is a way of one process.
func single(ctx context.Context, admin string, command string, args ...string) (*running, error) {
	launch := func(ctx context.Context) (*rig.Server, error) {
		return rig.Launch(ctx, saying("the pipeline runs"), command, args...)
	}
	s, err := launch(ctx)
	if err != nil {
		return nil, err
	}
	return &running{
		metrics: admin,
		pids:    func() []int { return []int{s.PID()} },
		crash: func(ctx context.Context) (err error) {
			s.Kill()
			s, err = launch(ctx)
			return err
		},
		stop: func() { s.Kill() },
	}, nil
}

// onFlink is the real cluster: two task managers, of which either has the slots for all when the other is killed.
func (b *bench) onFlink(ctx context.Context, store, admin string) (*running, error) {
	if err := os.Mkdir(b.path("flink"), 0o755); err != nil {
		return nil, err
	}
	f, err := rig.StartFlink(ctx, b.path("flink"), rig.FlinkConfig{TaskManagers: 2, Slots: 2, LongLived: true})
	if err != nil {
		return nil, err
	}
	b.flink = f
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	command, err := rig.Launch(ctx, saying("the pipeline runs on Flink"), b.binary, "pipeline", "--runner", "flink", "--flink-rest", f.REST, "--job-server", f.JobServer,
		"--kafka", b.kafka.Addr, "--store", store, "--checkpoints", f.Checkpoints, "--checkpoint-interval", "5s", "--bundle", b.Bundle.String(),
		"--state-backend", b.State, "--admin", addrs[0], "--worker-admin", admin)
	if err != nil {
		return nil, err
	}
	pids := func() (all []int) {
		for n, tm := range f.TaskManagers {
			select {
			case <-tm.Done():
				continue
			default:
			}
			workers, _ := f.Workers(n) //nolint:errcheck // of one that has just ended
			all = append(append(all, tm.PID()), workers...)
		}
		return all
	}
	return &running{
		metrics: admin, pids: pids,
		checkpoint: func(ctx context.Context) int64 { return newestSize(ctx, jobmanager.At(f.REST)) },
		crash:      func(context.Context) error { f.TaskManagers[0].Kill(); return nil },
		stop:       func() { command.Kill(); f.Kill() },
	}, nil
}

func newestSize(ctx context.Context, at jobmanager.Cluster) int64 {
	jobs, err := at.Jobs(ctx)
	if err != nil || len(jobs) == 0 {
		return 0
	}
	of, err := at.Checkpoints(ctx, jobs[0].ID)
	if err != nil || of.Latest.Completed == nil {
		return 0
	}
	return of.Latest.Completed.Size
}

func (b *bench) newStore(name string) string { return sqliteio.URI(b.path(name + ".db")) }
