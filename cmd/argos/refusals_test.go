package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

func TestEachCommandHelpsWithExamples(t *testing.T) {
	for _, c := range []string{"demo", "gateway", "pipeline", "serve", "simulate", "replay", "smooth", "evaluate", "audit", "explain", "ready"} {
		code, out, _ := runToEnd(t, c, "--help")
		if code != 0 || !strings.Contains(out, "Example") || !strings.Contains(out, "argos "+c) {
			t.Errorf("argos %s --help: exit code %d, %s", c, code, out)
		}
	}
}

func TestVersion(t *testing.T) {
	code, out, stderr := runToEnd(t, "--version")
	if code != 0 || stderr != "" || !strings.HasPrefix(out, "argos ") || !strings.Contains(out, runtime.Version()) ||
		!strings.Contains(out, "Beam v2.") {
		t.Errorf("exit code %d, %s, %s", code, out, stderr)
	}
}

func TestBadCommandLines(t *testing.T) {
	for _, c := range []struct {
		args string
		says string
	}{
		{"fly", "unexpected argument fly"},
		{"demo --trucks 0", "--trucks 0"},
		{"demo --trucks many", "--trucks"},
		{"demo --rate -1", "--rate"},
		{"demo --speed 0", "--speed 0"},
		{"demo --duration -3s", "-3s"},
		{"demo --frobnicate", "--frobnicate"},
		{"audit --data-dir d --running", "--data-dir is of a demo that was stopped"},
		{"audit --ledger l --kafka k:1 --store sqlite:s --follow", "--state FILE"},
		{"audit --ledger l --kafka k:1 --store sqlite:s --new-ledger", "--state FILE"},
		{"explain T-1", "--data-dir, or --kafka and --store"},
		{"explain T/1 --data-dir d", "truck_id"},
		{"explain T-1 --data-dir d --rev=-1", "--rev -1"},
		{"smooth --causal", "--out"},
		{"smooth --causal --every 1s --out o drive", "--every asks for places between fixes"},
		{"smooth --every=-1s --out o drive", "--every -1s"},
		{"smooth --format kml --out o drive", "csv"},
		{"smooth --columns colour=red --out o drive", `no field "colour"`},
		{"replay --columns speed=v:parsec drive", "parsec"},
		{"demo --trace drive --columns time=t:Mars", "Mars"},
		{"evaluate", "<trace>"},
		{"evaluate --thin 10ms drive", "--thin 10ms"},
		{"evaluate --columns lat= drive", "the lat is mapped to no column"},
		{"audit --ledger x", "--data-dir"},
		{"pipeline --runner spark", "--runner"},
		{"pipeline --stop", "--stop, --resume and --savepoint are for --runner flink"},
		{"pipeline --resume", "--runner flink"},
		{"pipeline --savepoint /s/chk-1", "--runner flink"},
		{"gateway --partitions 0", "--partitions 0"},
		{"gateway --partitions=-3", "--partitions -3"},
		{"gateway --require-replicas 0", "--require-replicas 0"},
		{"gateway --max-future 0s", "--max-future 0s"},
		{"gateway --max-future=-5s", "--max-future -5s"},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, _, stderr := runToEnd(t, strings.Fields(c.args)...)
			sentence(t, stderr, c.says)
			if code != 2 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []string{"demo --listen", "gateway --listen", "pipeline --admin", "serve --listen"} {
		code, _, stderr := runToEnd(t, append(strings.Fields(c), l.Addr().String())...)
		sentence(t, stderr, "can't listen on "+l.Addr().String(), "address already in use")
		if code != 1 {
			t.Errorf("%s: exit code %d", c, code)
		}
	}
}

// A role that lacks its admin port must not have said that it runs.
func TestAdminPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, c := range [][]string{
		{"gateway", "--listen", "127.0.0.1:0", "--kafka", b.ListenAddrs()[0], "--admin"},
		{"serve", "--listen", "127.0.0.1:0", "--store", "sqlite:" + filepath.Join(t.TempDir(), "t.db"), "--admin"},
	} {
		code, _, stderr := runToEnd(t, append(c, l.Addr().String())...)
		lines := strings.SplitAfter(strings.TrimSuffix(stderr, "\n"), "\n")
		sentence(t, lines[len(lines)-1], "admin endpoints: can't listen on "+l.Addr().String())
		if code != 1 || strings.Contains(stderr, "takes fixes") {
			t.Errorf("%v: exit code %d:\n%s", c, code, stderr)
		}
	}
}

func TestUnreachableBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	for _, c := range [][]string{
		{"gateway", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--kafka", nobody},
		{"pipeline", "--admin", "127.0.0.1:0", "--store", "sqlite:" + filepath.Join(dir, "t.db"), "--kafka", nobody},
		{"demo", "--listen", "127.0.0.1:0", "--kafka", nobody},
	} {
		code, _, stderr := runToEnd(t, c...)
		sentence(t, stderr, nobody)
		if code != 1 {
			t.Errorf("%v: exit code %d", c, code)
		}
	}
	code, _, stderr := runToEnd(t, "simulate", "--to", "ws://"+nobody, "--duration", "1s")
	if sentence(t, stderr, nobody); code != 1 {
		t.Errorf("simulate: exit code %d", code)
	}
}

func TestUnreadableTrace(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "set", "empty")
	noColumns := filepath.Join(dir, "other", "nocolumns")
	for path, text := range map[string]string{empty: "", noColumns: "a,b\n1,2\n"} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "fixes.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, trace := range []string{filepath.Join(dir, "nowhere"), empty, noColumns, "/dev/null"} {
		for _, c := range [][]string{
			{"demo", "--listen", "127.0.0.1:0", "--trace", trace},
			{"replay", trace},
			{"smooth", "--causal", "--out", t.TempDir(), trace},
			{"smooth", "--out", t.TempDir(), trace},
		} {
			code, _, stderr := runToEnd(t, c...)
			if sentence(t, stderr, trace); code != 1 {
				t.Errorf("%v: exit code %d", c, code)
			}
		}
	}
}

// A half-written drive is used as far as it goes: the torn row is named, nothing else suffers.
func TestHalfWrittenTrace(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "drive")
	if err := os.MkdirAll(drive, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "t_ms,lat,lon,alt_m,speed_mps,course_deg,hdop,sats,fix_q\n" +
		"1700000000000,51.9,4.5,,,,1,9,1\n1700000001000,51.9,4.5,,,,1,9,1\n17000000020"
	if err := os.WriteFile(filepath.Join(drive, "fixes.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runToEnd(
		t,
		"demo",
		"--listen",
		"127.0.0.1:0",
		"--trace",
		drive,
		"--speed",
		"100",
		"--duration",
		"1s",
		"--report",
		"-",
	)
	if code != 0 || !strings.Contains(stderr, "line 4: the last line is half-written") ||
		!strings.Contains(stdout, `"acked": 2`) {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

func TestDataDirectory(t *testing.T) {
	t.Run("a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := runToEnd(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", file)
		if sentence(t, stderr, file); code != 1 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		code, stderr := asNobody(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", dir)
		if sentence(t, stderr, dir, "permission denied"); code != 1 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("in use", func(t *testing.T) {
		dir := t.TempDir()
		first := start(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", dir)
		eventually(t, "the first demo runs", func() bool { return strings.Contains(first.stderr(), "http://") })
		code, _, stderr := runToEnd(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", dir)
		if sentence(t, stderr, dir, "in use by another argos"); code != 1 {
			t.Errorf("exit code %d", code)
		}
		code, _, stderr = runToEnd(t, "audit", "--data-dir", dir)
		if sentence(t, stderr, "in use by another argos"); code != 1 {
			t.Errorf("audit: exit code %d", code)
		}
		if err := first.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := first.end(t); code != 0 {
			t.Errorf("the first demo was disturbed: exit code %d\n%s", code, first.stderr())
		}
	})
	t.Run("of no demo", func(t *testing.T) {
		code, _, stderr := runToEnd(t, "audit", "--data-dir", t.TempDir())
		if sentence(t, stderr, "is not a demo's data directory"); code != 1 {
			t.Errorf("exit code %d", code)
		}
	})
}

// asNobody runs argos without root's right to write everywhere.
func asNobody(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	if os.Geteuid() == 0 {
		// The temporary folder's parents are root's alone.
		for dir := filepath.Dir(args[len(args)-1]); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Dir = os.TempDir()
	var b strings.Builder
	cmd.Stderr = &b
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

// Whoever mistypes the store must not be told that all is well, nor find a new one there.
func TestAuditOfNoStore(t *testing.T) {
	dir := t.TempDir()
	typo := filepath.Join(dir, "typo.db")
	code, _, stderr := runToEnd(
		t,
		"audit",
		"--ledger",
		filepath.Join(dir, "l"),
		"--kafka",
		"127.0.0.1:1",
		"--store",
		"sqlite:"+typo,
	)
	if sentence(t, stderr, "no store to audit", typo); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(typo); err == nil {
		t.Error("a store was made")
	}
}
