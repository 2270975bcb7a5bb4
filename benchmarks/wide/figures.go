package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"argos/rig"
)

// figures are read from a process that serves metrics.
type figures struct {
	pid  int
	addr string
}

type reading struct {
	at               time.Time
	cpu              float64 // s
	stored, accepted float64 // fixes
}

func (f figures) read(ctx context.Context) (r reading, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addr+"/metrics", http.NoBody)
	if err != nil {
		return r, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, fmt.Errorf("metrics: %w", err)
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return r, fmt.Errorf("metrics: %w", err)
	}
	sum := func(name string) (s float64) {
		for _, m := range families[name].GetMetric() {
			s += m.GetCounter().GetValue()
		}
		return s
	}
	r.stored, r.accepted = sum("argos_sink_records_total"), sum("argos_gateway_fixes_accepted_total")
	r.at = time.Now()
	r.cpu, err = rig.CPU(f.pid)
	return r, err
}

// peak is the most memory that a process has had resident, in bytes.
func peak(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d tells nothing of its memory", pid)
}
