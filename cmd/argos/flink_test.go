package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/audit"
	"argos/rig"
)

// busy is how long a machine that is busy with other things may take for what takes a quiet one 15 s: four Java processes, 200 MB of jars.
const busy = 4 * time.Minute

// flinkCluster is a real one of n task managers with two slots each.
func flinkCluster(t *testing.T, n int, settings ...string) *rig.Flink {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an Apache Flink")
	}
	f, err := rig.StartFlink(t.Context(), t.TempDir(), rig.FlinkConfig{TaskManagers: n, Slots: 2, Settings: settings})
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Kill)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("job manager:\n%s\njob server:\n%s", f.JobManager.Output(), f.Jobs.Output())
			for _, tm := range f.TaskManagers {
				t.Logf("task manager:\n%s", tm.Output())
			}
		}
	})
	return f
}

// onFlink is a pipeline on a cluster, fed through a gateway from Apache Kafka.
type onFlink struct {
	*rig.Flink
	store, ledger, admin, workers string
	kafka                         []string
	device                        string
	load                          *process
}

// fedOnFlink starts a gateway and a fleet.
func fedOnFlink(t *testing.T, f *rig.Flink) *onFlink {
	t.Helper()
	apache.Start(t)
	dir := t.TempDir()
	s := &onFlink{
		Flink: f, store: "sqlite:" + filepath.Join(dir, "trucks.db"), ledger: filepath.Join(dir, "ledger.ndjson"),
		admin: freeAddr(t), workers: freeAddr(t), kafka: []string{"--kafka", apache.Addr}, device: freeAddr(t),
	}
	g := start(t, append([]string{"gateway", "--listen", s.device, "--admin", "127.0.0.1:0"}, s.kafka...)...)
	eventually(t, "the gateway runs", func() bool { return strings.Contains(g.stderr(), "gateway takes fixes") })
	return s
}

func (s *onFlink) drive(t *testing.T) {
	s.load = start(t, "simulate", "--to", "ws://"+s.device, "--trucks", "200", "--rate", "5", "--ledger", s.ledger)
}

// run submits the pipeline, by a given build of the program, and returns when all of it runs.
func (s *onFlink) run(t *testing.T, binary string, flags ...string) *process {
	t.Helper()
	args := append([]string{
		"pipeline", "--runner", "flink", "--flink-rest", s.REST, "--job-server", s.JobServer, "--store", s.store,
		"--checkpoints", s.Checkpoints, "--checkpoint-interval", "2s", "--bundle", "100ms", "--shards", "64",
		"--worker", binary, "--worker-admin", s.workers, "--admin", s.admin,
	}, flags...)
	p := startBinary(t, binary, append(args, s.kafka...)...)
	inTime(t, busy, "the pipeline runs on Flink", func() bool {
		select {
		case <-p.done:
			t.Fatalf("it has ended:\n%s", p.stderr())
		default:
		}
		return strings.Contains(p.stderr(), "the pipeline runs on Flink")
	})
	return p
}

// flow waits until some thousand more fixes are stored, with the job's checkpoints going on.
func (s *onFlink) flow(t *testing.T) {
	t.Helper()
	before, taken := s.stored(t), metricAt(t, s.admin, "argos_flink_checkpoints_completed_total")
	inTime(t, busy, "fixes are stored and checkpoints taken", func() bool {
		return s.stored(t) > before+2000 && metricAt(t, s.admin, "argos_flink_checkpoints_completed_total") > taken
	})
}

// stored is how many offsets of the log the marks cover.
func (s *onFlink) stored(t *testing.T) (n int64) {
	t.Helper()
	store, err := argos.Process.Open(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	marks, err := store.Marks(t.Context(), argos.Topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range marks {
		n += m.Offset
	}
	return n
}

// clean ends the fleet and audits.
func (s *onFlink) clean(t *testing.T) {
	t.Helper()
	if err := s.load.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := s.load.end(t); code != 0 {
		t.Fatalf("simulate: %d\n%s", code, s.load.stderr())
	}
	var r audit.Report
	inTime(t, busy, "everything is stored", func() bool {
		_, stdout, stderr := runToEnd(t, append([]string{"audit", "--store", s.store, "--ledger", s.ledger}, s.kafka...)...)
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("audit: %v\n%s", err, stderr)
		}
		return r.Pending == 0
	})
	if !r.Clean() || r.Acked == 0 || r.Stored != r.InLog {
		t.Errorf("%+v", r)
	}
	t.Logf("%+v", r)
}

// metricAt sums a metric of a process.
func metricAt(t *testing.T, addr, name string) (sum float64) {
	t.Helper()
	_, body := get("http://" + addr + "/metrics")
	for line := range strings.Lines(body) {
		if rest, is := strings.CutPrefix(line, name); is && rest != "" && (rest[0] == ' ' || rest[0] == '{') {
			v, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += v
		}
	}
	return sum
}

// TestFlink is on one real cluster, for starting it is most of the work.
func TestFlink(t *testing.T) {
	f := flinkCluster(t, 2)
	t.Run("smooth", func(t *testing.T) { smoothOnFlink(t, f) })
	t.Run("live", func(t *testing.T) { liveOnFlink(t, f) })
}

// liveOnFlink runs the live pipeline from Apache Kafka and kills a task manager in mid-load. Then it upgrades: a new build goes on from a
// savepoint, on one task manager more and with twice the parallelism, and finds each track in the state that the old one left. It is
// kept short, for the cluster's old job server leaks state with every resumption of the source: see rig.Flink.
func liveOnFlink(t *testing.T, f *rig.Flink) {
	s := fedOnFlink(t, f)
	s.drive(t)
	old, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := s.run(t, old)
	s.flow(t)
	inTime(t, busy, "the command and a worker are ready", func() bool {
		job, _ := get("http://" + s.admin + "/readyz")
		worker, _ := get("http://" + s.workers + "/readyz")
		return job == 200 && worker == 200
	})
	s.TaskManagers[0].Kill()
	restored := func() bool { return metricAt(t, s.admin, "argos_flink_restores_total") >= 1 }
	inTime(t, busy, "the cluster has restored the job", restored)
	s.flow(t)

	code, path, stderr := runToEnd(t, "pipeline", "--runner", "flink", "--flink-rest", s.REST, "--checkpoints", s.Checkpoints, "--stop")
	if code != 0 || !strings.Contains(path, "savepoint") {
		t.Fatalf("stop: %d %q\n%s", code, path, stderr)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("the command that followed the job: exit code %d\n%s", code, p.stderr())
	}
	for _, n := range []int{0, 2} {
		if err := s.StartTaskManager(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	p = s.run(t, newBuild(t), "--resume", "--parallelism", "4")
	if !strings.Contains(p.stderr(), strings.TrimSpace(path)) {
		t.Errorf("it does not go on from %s:\n%s", path, p.stderr())
	}
	s.flow(t)
	if parts := metricAt(t, s.workers, "argos_fleet_parts_total"); parts == 0 {
		t.Error("the worker with the metrics has folded nothing")
	}
	if n := metricAt(t, s.workers, "argos_fleet_lookups_total") + metricAt(t, s.workers, "argos_fleet_foreign_shards_total"); n > 0 {
		t.Errorf("tracks were sought in the store %v times: the savepoint has lost them", n)
	}
	s.clean(t)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 || !strings.Contains(p.stderr(), "the job goes on without this command") {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, p.stderr())
	}
}

// newBuild is the program built otherwise: another file, at another path.
func newBuild(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "argos-next")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestFlinkPlaces: a folder is the same one to a task manager, whose own is another.
func TestFlinkPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"": "", "c": filepath.Join(here, "c"), "/c": "/c", "s3://bucket/c": "s3://bucket/c", "file:/c": "file:/c",
	} {
		on, err := flinkFlags{Checkpoints: given, Savepoint: given}.runner()
		if err != nil || on.Checkpoints != want || on.Savepoint != want {
			t.Errorf("%q: %q, %q, %v", given, on.Checkpoints, on.Savepoint, err)
		}
	}
}

// TestFlinkRefused: each thing that is not there or does not fit is said in one sentence.
func TestFlinkRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	store := "sqlite:" + filepath.Join(t.TempDir(), "trucks.db")
	base := []string{"pipeline", "--runner", "flink", "--flink-rest", nobody, "--job-server", nobody, "--store", store, "--admin", "127.0.0.1:0"}
	for _, c := range []struct {
		flags []string
		says  string
	}{
		{nil, "no Flink job manager answers at http://" + nobody + ": connect: connection refused"},
		{[]string{"--stop"}, "no Flink job manager answers"},
		{[]string{"--parallelism", "0"}, "parallelism"},
		{[]string{"--state-backend", "hashmap"}, "wants a place for its checkpoints"},
		{[]string{"--savepoint", "/x", "--resume"}, "not both"},
	} {
		code, _, stderr := runToEnd(t, append(base, c.flags...)...)
		if sentence(t, stderr, c.says); code != 1 {
			t.Errorf("%v: exit code %d", c.flags, code)
		}
	}
}
