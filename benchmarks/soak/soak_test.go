package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		exit(serveBroker(dir))
	}
	os.Exit(m.Run())
}

// A short soak on the embedded broker: all is written, and the audit is clean.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it for a while")
	}
	out := t.TempDir()
	var said bytes.Buffer
	c := config{length: 12 * time.Second, rate: 500, trucks: 50, broker: "embedded", out: out, every: time.Second}
	// In so short a run memory may still be growing into its place.
	if err := soak(t.Context(), c, &said); err != nil && !errors.Is(err, errUnclean) {
		t.Fatalf("%v\n%s", err, said.String())
	}
	for _, want := range []string{`memory of pipeline +\d+ MB.*: (flat|GROWS)`, `lag \d+ records`, `"lost": 0`, `"diverged": 0`, `stored \d{3}/s`} {
		if !regexp.MustCompile(want).MatchString(said.String()) {
			t.Errorf("nothing says %q:\n%s", want, said.String())
		}
	}
	f, err := os.Open(filepath.Join(out, "soak.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Errorf("%d rows: %v", len(rows), err)
	}
	for _, name := range []string{"soak.png", "soak.svg"} {
		if st, err := os.Stat(filepath.Join(out, name)); err != nil || st.Size() < 5000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// stopper ends a soak when it has told of so many samples, as Ctrl-C would.
type stopper struct {
	bytes.Buffer
	samples int
	stop    context.CancelFunc
}

func (s *stopper) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("stored")) {
		if s.samples--; s.samples == 0 {
			s.stop()
		}
	}
	return s.Buffer.Write(b)
}

// A soak that is stopped ends the load, and judges and audits what there is.
func TestStopped(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it for a while")
	}
	ctx, stop := context.WithCancel(t.Context())
	said := &stopper{samples: 4, stop: stop}
	out := t.TempDir()
	c := config{length: time.Hour, rate: 500, trucks: 50, broker: "embedded", out: out, every: 500 * time.Millisecond}
	if err := soak(ctx, c, said); err != nil && !errors.Is(err, errUnclean) {
		t.Fatalf("%v\n%s", err, said.String())
	}
	for _, want := range []string{"stopped before its time", `"lost": 0`, "memory of pipeline"} {
		if !regexp.MustCompile(want).MatchString(said.String()) {
			t.Errorf("nothing says %q:\n%s", want, said.String())
		}
	}
}

// made is a run of five minutes whose pipeline takes memory, and falls behind, as given by the second.
func made(rss, behind func(s float64) float64) (seen []sample) {
	for s := 0.0; s < 300; s += 5 {
		seen = append(seen, sample{
			at: s, stored: 1000, p50: 20, p99: 50, lag: []float64{behind(s)},
			processes: []process{{name: "pipeline", rss: rss(s), heap: math.NaN()}},
		})
	}
	return seen
}

func TestJudge(t *testing.T) {
	noisy := func(s float64) float64 { return 200 + 5*math.Sin(s) }
	small := func(s float64) float64 { return 100 + 20*math.Cos(s) }
	for name, c := range map[string]struct {
		seen []sample
		good bool
	}{
		"flat":                        {made(noisy, small), true},
		"it grows in the first third": {made(func(s float64) float64 { return 200 - 150*math.Exp(-s/20) }, small), true},
		"memory grows":                {made(func(s float64) float64 { return noisy(s) + s/2 }, small), false},
		"lag grows":                   {made(noisy, func(s float64) float64 { return 100 * s }), false},
	} {
		var said bytes.Buffer
		if good := judge(&said, c.seen); good != c.good {
			t.Errorf("%s: good is %v\n%s", name, good, said.String())
		}
	}
}

func TestQuantile(t *testing.T) {
	at := func(le string) string { return `argos_sink_latency_seconds_bucket{le="` + le + `"}` }
	before := metrics{at("0.1"): 100, at("0.2"): 100, at("+Inf"): 100}
	now := metrics{at("0.1"): 150, at("0.2"): 200, at("+Inf"): 200}
	for q, want := range map[float64]float64{.25: 50, .5: 100, .75: 150, 1: 200} {
		if got := now.quantile(before, q); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %v is %v ms, want %v", q, got, want)
		}
	}
	if got := now.quantile(now, .5); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}
