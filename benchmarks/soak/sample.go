package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is what was seen at one time.
type sample struct {
	at        float64 // s since the start of the load
	processes []process
	lag       []float64 // records not known to be stored, by partition
	stored    float64   // records a second since the last sample
	p50, p99  float64   // ms from the gateway's receipt to stored, of those records; NaN if there were none
}

type process struct {
	name string
	rss  float64 // MB that are its own: pages of files, such as a log's, are the kernel's to take back
	heap float64 // MB in use, NaN where nobody tells
	cpu  float64 // cores since the last sample
	used float64 // processor seconds in all
}

// watch samples until the load's time is over, ctx ends or a process does.
func (s *system) watch(ctx context.Context, to io.Writer) (seen []sample, err error) {
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	over := time.NewTimer(s.length)
	defer over.Stop()
	start := time.Now()
	last, lastAt := metrics{}, 0.0
	var before []process
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(to, "stopped before its time")
			return seen, nil
		case <-over.C:
			return seen, nil
		case <-tick.C:
		}
		for _, r := range s.roles {
			select {
			case <-r.done:
				return seen, r.ended()
			default:
			}
		}
		x := sample{at: time.Since(start).Seconds()}
		now, err := s.take(ctx, &x, before, x.at-lastAt)
		if ctx.Err() != nil {
			continue
		}
		if err != nil {
			return seen, err
		}
		if before != nil { // the first one only begins the differences
			x.stored = (now["argos_sink_records_total"] - last["argos_sink_records_total"]) / (x.at - lastAt)
			x.p50, x.p99 = now.quantile(last, .5), now.quantile(last, .99)
			seen = append(seen, x)
			fmt.Fprintln(to, x.line())
		}
		last, lastAt, before = now, x.at, x.processes
	}
}

func (x *sample) line() string {
	var rss, cpu float64
	for _, p := range x.processes {
		rss, cpu = rss+p.rss, cpu+p.cpu
	}
	return fmt.Sprintf("%6.0f s  stored %.0f/s  p50 %.0f ms  p99 %.0f ms  lag %.0f  rss %.0f MB  %.2f cores", x.at, x.stored, x.p50, x.p99, total(x.lag), rss, cpu)
}

// take fills in what the processes and the pipeline say now.
func (s *system) take(ctx context.Context, x *sample, before []process, seconds float64) (pipeline metrics, err error) {
	for i, w := range s.pids {
		p := process{name: w.name, heap: math.NaN()}
		if p.rss, p.used, err = usage(w.pid); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if before != nil {
			p.cpu = (p.used - before[i].used) / seconds
		}
		if w.admin != "" {
			m, err := scrape(ctx, w.admin)
			if err != nil {
				return nil, fmt.Errorf("metrics of %s: %w", w.name, err)
			}
			p.heap = m["go_memstats_heap_inuse_bytes"] / 1e6
			if w.name == "pipeline" {
				pipeline, x.lag = m, lag(m)
			}
		}
		x.processes = append(x.processes, p)
	}
	return pipeline, nil
}

// usage reads a process's resident memory (MB) without what are pages of files, and its processor time (s).
func usage(pid int) (rss, cpu float64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The name may hold anything but ends with the last parenthesis. Times are in ticks, of which Linux shows 100 a second.
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	user, err1 := strconv.ParseFloat(f[11], 64)
	system, err2 := strconv.ParseFloat(f[12], 64)
	rss, err3 := anonymous(pid)
	return rss, (user + system) / 100, errors.Join(err1, err2, err3)
}

// anonymous is a process's resident memory (MB) that no file is behind.
func anonymous(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, is := strings.CutPrefix(line, "RssAnon:"); is {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 64)
			return n * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status does not tell RssAnon", pid)
}

// metrics are a role's, by name and labels as it writes them.
type metrics map[string]float64

func scrape(ctx context.Context, admin string) (metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	m := metrics{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || i < 0 {
			continue
		}
		if m[line[:i]], err = strconv.ParseFloat(line[i+1:], 64); err != nil {
			return nil, err
		}
	}
	return m, lines.Err()
}

// lag is what each partition's log is ahead of what is stored.
func lag(m metrics) (by []float64) {
	for p := 0; ; p++ {
		of := fmt.Sprintf(`{partition="%d"}`, p)
		end, has := m["argos_source_log_end_offset"+of]
		if !has {
			return by
		}
		by = append(by, max(0, end-m["argos_mark_offset"+of]))
	}
}

func total(all []float64) (sum float64) {
	for _, x := range all {
		sum += x
	}
	return sum
}

// quantile reads the latency (ms) off the histogram's growth since before, linear within a bucket.
func (m metrics) quantile(before metrics, q float64) float64 {
	const bucket = `argos_sink_latency_seconds_bucket{le="`
	type step struct{ le, n float64 }
	var steps []step
	for k, v := range m {
		if le, ok := strings.CutPrefix(k, bucket); ok {
			bound, err := strconv.ParseFloat(strings.TrimSuffix(le, `"}`), 64) // +Inf is a number, too
			if err == nil {
				steps = append(steps, step{bound, v - before[k]})
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return int(math.Copysign(1, a.le-b.le)) })
	if len(steps) == 0 || steps[len(steps)-1].n == 0 {
		return math.NaN()
	}
	want := q * steps[len(steps)-1].n
	var from step
	for _, s := range steps {
		if s.n < want {
			from = s
			continue
		}
		if math.IsInf(s.le, 1) {
			return from.le * 1000
		}
		return 1000 * (from.le + (s.le-from.le)*(want-from.n)/(s.n-from.n))
	}
	return math.NaN()
}

// writeTable writes the samples as CSV, one a row.
func writeTable(path string, seen []sample) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	head := []string{"s", "stored_per_s", "p50_ms", "p99_ms"}
	for p := range seen[0].lag {
		head = append(head, fmt.Sprintf("lag_%d", p))
	}
	for _, p := range seen[0].processes {
		head = append(head, p.name+"_rss_mb", p.name+"_heap_mb", p.name+"_cores")
	}
	w.Write(head) //nolint:errcheck // Error tells
	for i := range seen {
		x := &seen[i]
		row := []float64{x.at, x.stored, x.p50, x.p99}
		row = append(row, x.lag...)
		for _, p := range x.processes {
			row = append(row, p.rss, p.heap, p.cpu)
		}
		text := make([]string, len(row))
		for k, v := range row {
			if !math.IsNaN(v) {
				text[k] = strconv.FormatFloat(v, 'f', 2, 64)
			}
		}
		w.Write(text) //nolint:errcheck // as above
	}
	w.Flush()
	return w.Error()
}
