package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"argos/rig"
)

// warm is how long a demo runs before its processor time counts: each truck is new at first.
const warm = 10 * time.Second

// demo is one load on the whole system in one process.
type demo struct {
	trucks int
	rate   float64
}

func (d demo) String() string { return fmt.Sprintf("demo %d x %g Hz", d.trucks, d.rate) }

var demoRows = []demo{{50_000, 1}, {10_000, 1}, {50, 1}}

// report is what of the demo's own report is printed.
type report struct {
	Stored   int64 `json:"stored"`
	Lost     int64 `json:"lost"`
	Diverged int64 `json:"diverged"`
	Latency  struct {
		P50 float64 `json:"p50"`
		P99 float64 `json:"p99"`
	} `json:"latency_ms"`
}

func (o options) demos(ctx context.Context, dir string) error {
	var rows []demo
	for _, d := range demoRows {
		if o.wants(d.String()) {
			rows = append(rows, d)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if o.Binary == "" {
		o.Binary = filepath.Join(dir, "argos")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.Binary, "argos/cmd/argos")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build argos: %w: %s", err, out)
		}
	}
	t := table("load\tstored/s\tp50 / p99 ms\tcores\tCPU-s per million\tbehind at the end\tlost\tdiverged")
	for _, d := range rows {
		line, err := o.demo(ctx, dir, d)
		if err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		fmt.Fprintf(t, "%s\t%s\n", d, line)
		t.Flush() //nolint:errcheck // to the standard output
	}
	return nil
}

func (o options) demo(ctx context.Context, dir string, d demo) (string, error) {
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(ctx, o.Binary, "demo", "--trucks", strconv.Itoa(d.trucks), "--rate", fmt.Sprint(d.rate),
		"--duration", o.For.String(), "--listen", addrs[0], "--report", out, "--log-level", "error")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return "", err
	}
	began := time.Now()
	f := figures{pid: cmd.Process.Pid, addr: addrs[0]}
	pause(ctx, warm)
	before, err := f.read(ctx)
	if err == nil {
		pause(ctx, time.Until(began.Add(o.For-2*time.Second))) // the simulator's last fixes are under way then
	}
	after, errAfter := f.read(ctx)
	if err := cmd.Wait(); err != nil {
		return "", err
	}
	if err == nil {
		err = errAfter
	}
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return "", err
	}
	var r report
	if err := json.Unmarshal(b, &r); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	seconds, stored := after.at.Sub(before.at).Seconds(), after.stored-before.stored
	cpu := after.cpu - before.cpu
	behind := after.accepted - after.stored
	return fmt.Sprintf("%.0f\t%.0f / %.0f\t%.2f\t%.1f\t%.0f fixes, %.1f s\t%d\t%d",
		stored/seconds, r.Latency.P50, r.Latency.P99, cpu/seconds, cpu/stored*1e6,
		behind, behind/(float64(d.trucks)*d.rate), r.Lost, r.Diverged), nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
