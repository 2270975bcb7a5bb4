package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// FlinkConfig says what a Flink cluster is to be like.
type FlinkConfig struct {
	TaskManagers int
	Slots        int      // of each
	LongLived    bool     // its code is compiled well, which takes a minute that short runs do not have
	Settings     []string // more of Flink's, key: value
}

// Flink is an Apache Flink cluster without high availability, and Beam's job server for it. Its checkpoints outlive its processes.
//
// The job server is an old one, whose runner leaks keyed state at each resumption of a splittable DoFn (Beam's issue 27648, mended
// in 2026 by 39191): some 60 kB of heap each with the state on the heap. So the cluster's default is RocksDB, jobs in tests are short,
// and a task manager that has served many is to be started anew.
type Flink struct {
	REST        string // host:port of the job manager
	JobServer   string // host:port
	Checkpoints string // folder

	JobManager, Jobs *Server
	TaskManagers     []*Server // by number

	dir, libs string
	longLived bool
	ports     [3]string // artifacts, expansion, the job manager's own
}

// StartFlink starts a cluster with its data in dir, and returns when every task manager is registered. The caller ends it with Kill; it
// ends with this process.
func StartFlink(ctx context.Context, dir string, cfg FlinkConfig) (*Flink, error) {
	libs, err := jars(ctx, "flink")
	if err != nil {
		return nil, err
	}
	addrs, err := FreeAddrs(5)
	if err != nil {
		return nil, err
	}
	f := &Flink{
		REST: addrs[0], JobServer: addrs[1], Checkpoints: filepath.Join(dir, "checkpoints"),
		dir: dir, libs: libs, longLived: cfg.LongLived, ports: [3]string(addrs[2:]), TaskManagers: make([]*Server, cfg.TaskManagers),
	}
	if err := f.write(cfg); err != nil {
		return nil, err
	}
	err = f.StartJobManager(ctx)
	if err == nil {
		err = f.startJobServer(ctx)
	}
	for n := range cfg.TaskManagers {
		if err == nil {
			err = f.StartTaskManager(ctx, n)
		}
	}
	if err != nil {
		f.Kill()
		return nil, err
	}
	return f, nil
}

// StartJobManager starts it on its old ports. It remembers no job.
func (f *Flink) StartJobManager(ctx context.Context) (err error) {
	f.JobManager, err = f.launch(ctx, "Rest endpoint listening at", "512m", f.jars(false),
		"org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", f.conf())
	return err
}

// StartTaskManager starts number n, again or one more, and returns when the job manager knows it.
func (f *Flink) StartTaskManager(ctx context.Context, n int) error {
	s, err := f.launch(ctx, "Successful registration at resource manager", "1024m", f.jars(false),
		"org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", f.conf(), "-D", "taskmanager.resource-id=tm-"+strconv.Itoa(n))
	if err != nil {
		return err
	}
	f.TaskManagers = append(f.TaskManagers, make([]*Server, max(0, n+1-len(f.TaskManagers)))...)
	f.TaskManagers[n] = s
	return nil
}

func (f *Flink) startJobServer(ctx context.Context) (err error) {
	host, port, _ := net.SplitHostPort(f.JobServer)
	_, artifacts, _ := net.SplitHostPort(f.ports[0])
	_, expansion, _ := net.SplitHostPort(f.ports[1])
	f.Jobs, err = f.launch(ctx, "JobService started on", "512m", f.jars(true),
		"org.apache.beam.runners.flink.FlinkJobServerDriver", "--flink-master="+f.REST, "--job-host="+host, "--job-port="+port,
		"--artifact-port="+artifacts, "--expansion-port="+expansion, "--artifacts-dir="+filepath.Join(f.dir, "artifacts"))
	return err
}

// Kill is SIGKILL for all of it.
func (f *Flink) Kill() {
	for _, s := range append(slices.Clone(f.TaskManagers), f.Jobs, f.JobManager) {
		if s != nil {
			s.Kill()
		}
	}
}

// Workers are the processes that task manager n has started: its Go workers.
func (f *Flink) Workers(n int) (pids []int, err error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", f.TaskManagers[n].PID()))
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		b, _ := os.ReadFile(list) //nolint:errcheck // of a thread that has ended since
		for _, field := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("children of task manager %d: %w", n, err)
			}
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func (f *Flink) conf() string { return filepath.Join(f.dir, "conf") }

// jars are the cluster's own, which has no Beam, or those of the job server, which sends all of its own to the cluster with each job.
func (f *Flink) jars(server bool) string {
	files, _ := filepath.Glob(filepath.Join(f.libs, "*.jar")) // the pattern is a good one
	return strings.Join(slices.DeleteFunc(files, func(path string) bool {
		name := filepath.Base(path)
		if server {
			return strings.HasPrefix(name, "flink-rpc-akka-loader") || strings.HasPrefix(name, "flink-shaded-zookeeper")
		}
		return !strings.HasPrefix(name, "flink-") && strings.HasPrefix(name, "beam-")
	}), ":")
}

func (f *Flink) launch(ctx context.Context, ready, heap, classpath, class string, args ...string) (*Server, error) {
	java := []string{
		"-Xmx" + heap, "-XX:MaxDirectMemorySize=192m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError",
		"-Djava.io.tmpdir=" + filepath.Join(f.dir, "tmp"), "-Dlog4j.configurationFile=" + filepath.Join(f.conf(), "log4j2.properties"),
		"--add-exports=java.base/sun.net.util=ALL-UNNAMED", "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
	}
	if !f.longLived {
		java = append(java, "-XX:TieredStopAtLevel=1")
	}
	for _, p := range []string{"lang", "lang.reflect", "io", "net", "nio", "text", "time", "util", "util.concurrent", "util.concurrent.atomic", "util.concurrent.locks"} {
		java = append(java, "--add-opens=java.base/java."+p+"=ALL-UNNAMED")
	}
	java = append(java, "-cp", classpath, class)
	return Launch(ctx, func(line string) bool { return strings.Contains(line, ready) }, "java", append(java, args...)...)
}

// Settings of a small cluster that notices early what has died.
const flinkSettings = `jobmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.load-balance.mode: SLOTS
taskmanager.cpu.cores: 2
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.task.heap.size: 896m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.network.memory.buffer-debloat.enabled: true
taskmanager.memory.managed.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 64m
taskmanager.memory.jvm-overhead.max: 64m
heartbeat.interval: 2 s
heartbeat.timeout: 10 s
restart-strategy.type: exponential-delay
restart-strategy.exponential-delay.initial-backoff: 500 ms
restart-strategy.exponential-delay.max-backoff: 5 s
restart-strategy.exponential-delay.reset-backoff-threshold: 1 min
state.backend.type: rocksdb
`

// At debug the process manager passes the workers' own output on, a Go panic too.
const flinkLogging = kafkaLogging + `logger.w.name=org.apache.beam.runners.fnexecution.environment.ProcessManager
logger.w.level=debug
`

func (f *Flink) write(cfg FlinkConfig) error {
	for _, sub := range []string{"conf", "tmp"} {
		if err := os.MkdirAll(filepath.Join(f.dir, sub), 0o755); err != nil {
			return err
		}
	}
	host, rest, err := net.SplitHostPort(f.REST)
	if err != nil {
		return fmt.Errorf("port of Flink's job manager: %w", err)
	}
	_, rpc, err := net.SplitHostPort(f.ports[2])
	if err != nil {
		return fmt.Errorf("port of Flink's job manager: %w", err)
	}
	own := append([]string{
		"rest.address: " + host, "rest.bind-address: " + host, "rest.port: " + rest,
		"jobmanager.rpc.address: " + host, "jobmanager.rpc.port: " + rpc,
		"taskmanager.numberOfTaskSlots: " + strconv.Itoa(max(1, cfg.Slots)),
		"execution.checkpointing.dir: file://" + f.Checkpoints,
		"execution.checkpointing.savepoint-dir: file://" + filepath.Join(f.dir, "savepoints"),
		"io.tmp.dirs: " + filepath.Join(f.dir, "tmp"),
	}, cfg.Settings...)
	settings := flinkSettings + strings.Join(own, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(f.conf(), "config.yaml"), []byte(settings), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.conf(), "log4j2.properties"), []byte(flinkLogging), 0o600)
}
