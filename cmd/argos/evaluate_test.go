package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos/evaluate"
)

// measured is a simulated drive that comes with its truth, in a folder of its own.
func measured(t *testing.T, more map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set", "drive")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fixes.csv", "truth.csv"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "simulated", "calm", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range more {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The table, the figures and the pictures of one run; with the usual filters, and between fixes.
func TestEvaluate(t *testing.T) {
	out := t.TempDir()
	code, stdout, stderr := runToEnd(t, "evaluate", measured(t, nil), "--baselines", "--thin", "10s,30s",
		"--json", filepath.Join(out, "figures.json"), "--plots", filepath.Join(out, "plots"))
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, says := range []string{"raw", "live", "smoothed", "rosshemsley", "in 2 sigma", "one fix in 30s", "hold the last fix"} {
		if !strings.Contains(stdout, says) {
			t.Errorf("the table does not say %q:\n%s", says, stdout)
		}
	}
	if !strings.Contains(stderr, " 0 refused") {
		t.Errorf("no count: %s", stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "figures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r evaluate.Report
	if err := json.Unmarshal(text, &r); err != nil || len(r.Sets) != 1 || len(r.Sets[0].Methods) != 10 ||
		len(r.Sets[0].Between) != 2 {
		t.Fatalf("%v\n%s", err, text)
	}
	if raw := r.Sets[0].Methods[0]; raw.Method != "raw" || raw.Errors.N < 100 ||
		!(raw.Errors.Mean > 0.1 && raw.Errors.Mean < 20) {
		t.Errorf("%+v", raw)
	}
	if info, err := os.Stat(filepath.Join(out, "plots", "set_drive.png")); err != nil || info.Size() < 10_000 {
		t.Error(info, err)
	}
	code, stdout, stderr = runToEnd(t, "evaluate", measured(t, nil), "--json", "-")
	if code != 0 || json.Unmarshal([]byte(stdout), &r) != nil || !strings.Contains(stderr, "smoothed") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

// Modes are rows of their own; faults are counted by the length of their burst, beside what they cost the untouched
// fixes.
func TestEvaluateModesAndFaults(t *testing.T) {
	pictures := filepath.Join(t.TempDir(), "plots")
	code, stdout, stderr := runToEnd(
		t,
		"evaluate",
		measured(t, nil),
		"--mode",
		"recorded,positions",
		"--plots",
		pictures,
	)
	if code != 0 || !strings.Contains(stdout, "set, positions alone") || strings.Contains(stdout, "without courses") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for _, name := range []string{"set_drive.png", "set_drive_positions.png"} {
		if _, err := os.Stat(filepath.Join(pictures, name)); err != nil {
			t.Error(err)
		}
	}
	dir := measured(t, nil)
	text, err := os.ReadFile(filepath.Join(dir, "fixes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	labels := "seq,label\n"
	for i := range strings.Count(string(text), "\n") - 1 {
		labels += fmt.Sprintf("%d,%s\n", i, map[bool]string{true: "jump", false: "ok"}[i >= 50 && i < 56])
	}
	for name, text := range map[string]string{"fixes_corrupt.csv": string(text), "faults.csv": labels} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	corrupt := []string{"evaluate", dir, "--fixes", "fixes_corrupt.csv", "--faults"}
	code, stdout, stderr = runToEnd(t, append(corrupt, "--json", filepath.Join(dir, "figures.json"))...)
	if code != 0 || !strings.Contains(stdout, "5-12 in a row") ||
		!strings.Contains(stdout, "mean error at injected faults") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	text, err = os.ReadFile(filepath.Join(dir, "figures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r evaluate.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	raw := r.Sets[0].Methods[0]
	if len(raw.Jumps) != 1 || raw.Jumps[0].From != 5 || raw.Jumps[0].N != 6 || raw.Rise == nil || raw.Rise.Rise != 0 {
		t.Errorf("%+v", raw)
	}
	if err := os.Remove(filepath.Join(dir, "fixes.csv")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runToEnd(t, corrupt...); code != 0 ||
		!strings.Contains(stderr, "is not known: no fixes without faults") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	corrupt := "t_ms,lat,lon\n1767225600000,52,4\n1767225601000,52,4\n"
	for _, c := range []struct {
		dir  string
		args []string
		says string
	}{
		{"nowhere", nil, "no such file"},
		{measured(t, map[string]string{"fixes.csv": "a,b\n1,2\n"}), nil, `its header "a,b" has no usual name of the lat`},
		{measured(t, map[string]string{"fixes_corrupt.csv": corrupt, "faults.csv": "seq,label\n0,ok\n"}), []string{"--fixes", "fixes_corrupt.csv"}, "has 2 rows, but the faults.csv beside it 1"},
		{measured(t, map[string]string{"fixes_corrupt.csv": corrupt, "faults.csv": "a,b,c\n"}), []string{"--fixes", "fixes_corrupt.csv"}, "the header is not seq,label"},
		{measured(t, map[string]string{"truth.csv": "t_ms,lat,lon\n1,2,x\n"}), nil, `line 2: lon "x" is not a number`},
		{measured(t, nil), []string{"--json", filepath.Join("nowhere", "figures.json")}, "can't be written"},
		{
			measured(t, map[string]string{"fixes.csv": "t_ms,lat,lon\n1767225600000,52,4\n"}),
			[]string{"--mode", "speed"},
			"--mode [speed] takes nothing from any of the 1 drives",
		},
		{measured(t, nil), []string{"--plots", filepath.Join(os.DevNull, "plots")}, "make the folder for the plots"},
	} {
		code, _, stderr := runToEnd(t, append([]string{"evaluate", c.dir}, c.args...)...)
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		last := lines[len(lines)-1]
		if code != 1 || !strings.HasPrefix(last, "argos: ") || !strings.Contains(last, c.says) {
			t.Errorf("%v: exit code %d, want %q:\n%s", c.args, code, c.says, stderr)
		}
	}
}

// A drive of which nobody knows the truth is left out and named; of such drives alone there is nothing to say.
func TestEvaluateWithoutTruth(t *testing.T) {
	dir := measured(t, nil)
	if err := os.Remove(filepath.Join(dir, "truth.csv")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := runToEnd(t, "evaluate", dir)
	if code != 1 || !strings.Contains(stderr, "none of the 1 drives has a truth.csv") ||
		!strings.Contains(stderr, "set_drive") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// The formats of a drive are read by every command: a receiver's log is replayed, cleaned, and measured.
func TestSmoothWritesWhole(t *testing.T) {
	dir := measured(t, nil)
	out := filepath.Join(t.TempDir(), "clean")
	code, _, stderr := runToEnd(t, "smooth", dir, "--out", out, "--every", "500ms", "--format", "gpx")
	if code != 0 || !strings.Contains(stderr, "1 drives cleaned into") || !strings.Contains(stderr, " 0 refused") {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	again := filepath.Join(t.TempDir(), "again")
	if code, _, stderr := runToEnd(t, "smooth", filepath.Join(out, "set_drive.gpx"), "--out", again); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(again, "clean_set_drive.csv")); err != nil {
		t.Error(err)
	}
	code, stdout, stderr := runToEnd(
		t,
		"demo",
		"--listen",
		"127.0.0.1:0",
		"--trace",
		filepath.Join(out, "set_drive.gpx"),
		"--speed",
		"5000",
		"--duration",
		"60s",
		"--report",
		"-",
	)
	if code != 0 || !strings.Contains(stdout, `"refused": 0`) || strings.Contains(stdout, `"acked": 0`) {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}
