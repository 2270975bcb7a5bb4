package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos/rig"
	"argos/runner/flink/jobmanager"
)

// smoothOnFlink: a folder of drives is cleaned to the same files as on Prism, and a drive that can't be is an error, once.
func smoothOnFlink(t *testing.T, f *rig.Flink) {
	drives, dir := filepath.Join("..", "..", "testdata"), t.TempDir()
	for _, flags := range [][]string{
		{"--out", filepath.Join(dir, "prism")},
		{"--out", filepath.Join(dir, "flink"), "--runner", "flink", "--flink-rest", f.REST, "--job-server", f.JobServer},
	} {
		if code, _, stderr := runToEnd(t, append([]string{"smooth", mustAbs(t, drives)}, flags...)...); code != 0 {
			t.Fatalf("%v: exit code %d\n%s", flags, code, stderr)
		}
	}
	want, err := filepath.Glob(filepath.Join(dir, "prism", "*"))
	if err != nil || len(want) < 2 {
		t.Fatal(want, err)
	}
	for _, path := range want {
		on := strings.Replace(path, filepath.Join(dir, "prism"), filepath.Join(dir, "flink"), 1)
		a, errA := os.ReadFile(path)
		b, errB := os.ReadFile(on)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %d bytes on Prism and %d on Flink (%v, %v)", filepath.Base(path), len(a), len(b), errA, errB)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken", filepath.Base(want[0])), 0o755); err != nil { // where a file is to be
		t.Fatal(err)
	}
	code, _, stderr := runToEnd(t, "smooth", mustAbs(t, drives), "--out", filepath.Join(dir, "taken"), "--runner", "flink", "--flink-rest", f.REST, "--job-server", f.JobServer)
	if code != 1 || !strings.Contains(stderr, "file exists") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	jobs, err := jobmanager.At(f.REST).Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if !j.State.Ended() {
			t.Errorf("job %s holds slots: %s", j.Name, j.State)
		}
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
