package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"argos"
	"argos/rig"
)

const (
	lookEvery   = 50 * time.Millisecond
	sampleEvery = 5 * time.Second
	patience    = 5 * time.Minute // for a way to come to an end
)

// measure drains the backlog in one way, then gives it a steady load, then kills it.
func (b *bench) measure(ctx context.Context, w way) (f figures, err error) {
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return f, err
	}
	uri := b.newStore(w.name)
	store, err := argos.Process.Open(ctx, uri)
	if err != nil {
		return f, err
	}
	defer store.Close() //nolint:errcheck // it was only read
	r, err := w.start(ctx, uri, addrs[0])
	if err != nil {
		return f, err
	}
	defer r.stop()
	if err := b.drain(ctx, store, r, &f); err != nil {
		return f, fmt.Errorf("drain: %w", err)
	}
	load, err := rig.Launch(ctx, nil, b.binary, "simulate", "--to", "ws://"+b.device, "--ledger", b.path(w.name+".ndjson"),
		"--trucks", strconv.Itoa(b.Fleet), "--rate", strconv.FormatFloat(float64(b.Rate)/float64(b.Fleet), 'g', -1, 64))
	if err != nil {
		return f, err
	}
	defer load.Stop()
	if err := b.steady(ctx, r, &f); err != nil {
		return f, fmt.Errorf("steady load: %w", err)
	}
	held, err := b.held(ctx)
	if err != nil {
		return f, err
	}
	killed := time.Now()
	if err := r.crash(ctx); err != nil {
		return f, fmt.Errorf("kill: %w", err)
	}
	err = reach(ctx, store, held)
	f.Recovery = time.Since(killed).Seconds()
	return f, err
}

// drain measures from the first record that is stored, for a way's start is another figure.
func (b *bench) drain(ctx context.Context, store argos.Store, r *running, f *figures) error {
	end, err := b.held(ctx)
	if err != nil {
		return err
	}
	if err := reach(ctx, store, 1); err != nil {
		return err
	}
	first, err := stored(ctx, store)
	if err != nil {
		return err
	}
	began, cpu := time.Now(), used(r.pids())
	if err := reach(ctx, store, end); err != nil {
		return err
	}
	f.Drain = float64(end-first) / time.Since(began).Seconds()
	f.DrainCPU = (used(r.pids()) - cpu) / float64(end-first) * 1e6
	return nil
}

// steady measures what the load, once it is under way, costs and how late it comes.
func (b *bench) steady(ctx context.Context, r *running, f *figures) error {
	if !pause(ctx, sampleEvery) { // the first fixes of each truck are another load
		return ctx.Err()
	}
	before, err := latencies(ctx, r.metrics)
	if err != nil {
		return err
	}
	began, cpu := time.Now(), used(r.pids())
	for time.Since(began) < b.For {
		if !pause(ctx, min(sampleEvery, b.For)) {
			return ctx.Err()
		}
		if r.checkpoint != nil {
			f.Checkpoint = append(f.Checkpoint, r.checkpoint(ctx))
		}
	}
	f.Cores = (used(r.pids()) - cpu) / time.Since(began).Seconds()
	after, err := latencies(ctx, r.metrics)
	if err != nil {
		return err
	}
	f.P50, f.P99 = 1000*quantile(before, after, .5), 1000*quantile(before, after, .99)
	return nil
}

// reach waits until the marks cover so many offsets.
func reach(ctx context.Context, store argos.Store, n int64) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if s, err := stored(ctx, store); err == nil && s >= n {
			return nil
		}
		if !pause(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("not all is stored within %v", patience)
}

func stored(ctx context.Context, store argos.Store) (n int64, err error) {
	marks, err := store.Marks(ctx, argos.Topic)
	for _, m := range marks {
		n += m.Offset
	}
	return n, err
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// used is the processor time of processes, in seconds; of one that has just ended, nothing.
func used(pids []int) (sum float64) {
	for _, pid := range pids {
		if s, err := rig.CPU(pid); err == nil {
			sum += s
		}
	}
	return sum
}

// latencies reads the sink's histogram.
func latencies(ctx context.Context, addr string) (*dto.Histogram, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	m := families["argos_sink_latency_seconds"].GetMetric()
	if len(m) == 0 {
		return nil, errors.New("the sink has no histogram")
	}
	return m[0].GetHistogram(), nil
}

// quantile of what came between two readings, in seconds: linear within a bucket.
func quantile(before, after *dto.Histogram, q float64) float64 {
	of := func(i int) float64 {
		return float64(after.GetBucket()[i].GetCumulativeCount() - before.GetBucket()[i].GetCumulativeCount())
	}
	total := float64(after.GetSampleCount() - before.GetSampleCount())
	below, lower := 0.0, 0.0
	for i, bucket := range after.GetBucket() {
		n, upper := of(i), bucket.GetUpperBound()
		if n >= q*total && total > 0 {
			if math.IsInf(upper, 1) {
				return lower
			}
			return lower + (upper-lower)*(q*total-below)/(n-below)
		}
		below, lower = n, upper
	}
	return math.NaN()
}
