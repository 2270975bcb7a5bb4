package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"argos/audit"
)

// TestKilledFiveTimes kills the whole system in mid-load, again and again on the same data, without losing what it acked.
func TestKilledFiveTimes(t *testing.T) {
	dir := t.TempDir()
	ledger := filepath.Join(dir, "ledger.ndjson")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 5 {
		before := lines(ledger)
		until := before + 200 + random.IntN(4000)
		p := start(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", dir, "--trucks", "400", "--rate", "5")
		eventually(t, "fixes are acked", func() bool { return lines(ledger) > until })
		if err := p.cmd.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		<-p.done
		r := auditDir(t, dir)
		r.Pending = 0 // nobody is at work on it
		if !r.Clean() || r.Acked <= int64(before) {
			t.Fatalf("after a kill: %+v", r)
		}
	}
	code, stdout, stderr := runToEnd(t, "demo", "--listen", "127.0.0.1:0", "--data-dir", dir, "--trucks", "400", "--rate", "5", "--duration", "2s", "--report", "-")
	if code != 0 {
		t.Fatalf("the last run: exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if r := auditDir(t, dir); !r.Clean() || r.Pending != 0 || r.Stored != r.InLog {
		t.Errorf("at the end: %+v", r)
	}
}

func auditDir(t *testing.T, dir string) (r audit.Report) {
	t.Helper()
	_, stdout, stderr := runToEnd(t, "audit", "--data-dir", dir)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("audit: %v\n%s\n%s", err, stdout, stderr)
	}
	return r
}

func lines(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	return bytes.Count(b, []byte("\n"))
}
