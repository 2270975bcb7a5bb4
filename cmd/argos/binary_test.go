package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary builds the program as it is shipped, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "argos-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "argos")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, os.Chmod(dir, 0o755)
})

func TestMain(m *testing.M) {
	registerStores()
	code := m.Run()
	apache.End()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is a running argos.
type process struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	out  bytes.Buffer
	err  bytes.Buffer
	done chan struct{}
}

// start runs argos with these arguments; it is killed when the test ends, if it has not ended by then.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return startBinary(t, path, args...)
}

func startBinary(t testing.TB, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(context.Background(), path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = locked{&p.mu, &p.out}, locked{&p.mu, &p.err}
	p.cmd.Dir = t.TempDir()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.cmd.Wait(); close(p.done) }() //nolint:errcheck // its state says it
	t.Cleanup(func() { p.cmd.Process.Kill(); <-p.done })
	return p
}

// end waits until the process has ended by itself and returns its exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		t.Fatalf("argos does not end:\n%s", p.stderr())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) stdout() string { p.mu.Lock(); defer p.mu.Unlock(); return p.out.String() }
func (p *process) stderr() string { p.mu.Lock(); defer p.mu.Unlock(); return p.err.String() }

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

// runToEnd runs argos until it ends.
func runToEnd(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	code = p.end(t)
	return code, p.stdout(), p.stderr()
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	inTime(t, time.Minute, what, ok)
}

// inTime is eventually for what takes long on a busy machine.
func inTime(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// sentence fails the test unless stderr is one line that begins as this program's errors do and says what it should.
func sentence(t *testing.T, stderr string, says ...string) {
	t.Helper()
	if strings.Count(strings.TrimRight(stderr, "\n"), "\n") > 0 || !strings.HasPrefix(stderr, "argos: ") {
		t.Errorf("not one sentence:\n%s", stderr)
	}
	for _, s := range says {
		if !strings.Contains(stderr, s) {
			t.Errorf("does not say %q: %s", s, stderr)
		}
	}
}
