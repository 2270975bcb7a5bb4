package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/sqliteio"
	"argos/pipelines"
	"argos/rig"
)

// drainRole makes this program a pipeline that reads a backlog and says what that took: drain BROKER STORE MEMORY
// PROFILE. The backlog has two halves, and each has its own figures.
const drainRole = "drain"

// half is what one half of a backlog took.
type half struct {
	Rate float64 `json:"fixes_per_s"`
	CPU  float64 `json:"cpu_s_per_million"`
}

type drained struct {
	Halves [2]half `json:"halves"`
	Peak   int64   `json:"peak_bytes"`  // resident
	Tracks float64 `json:"track_bytes"` // in memory at the end, as the fleet counts them
	Asked  float64 `json:"lookups"`
}

func runDrain(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%s wants BROKER STORE MEMORY PROFILE", drainRole)
	}
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	argos.Process.Register("null", func(context.Context, string) (argos.Store, error) { return &null{}, nil })
	memory, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	at := cluster.Plain(args[0])
	log, err := kafkaio.Offsets(ctx, at, argos.Topic)
	if err != nil {
		return err
	}
	var ends [2][]int64
	total := 0.0
	for _, r := range log {
		ends[0], ends[1] = append(ends[0], r.Last/2), append(ends[1], r.Last)
		total += float64(r.Last)
	}
	if args[3] != "" {
		f, err := os.Create(args[3])
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	l, err := pipelines.Start(ctx, pipelines.Config{
		Kafka: at, StoreURI: args[1], Memory: memory, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	var d drained
	for i := range ends {
		began := time.Now()
		cpu, err := rig.CPU(os.Getpid())
		if err != nil {
			return err
		}
		if err := l.WaitFor(ctx, ends[i]); err != nil {
			return err
		}
		after, err := rig.CPU(os.Getpid())
		if err != nil {
			return err
		}
		d.Halves[i] = half{total / 2 / time.Since(began).Seconds(), (after - cpu) / (total / 2) * 1e6}
	}
	if d.Tracks, d.Asked, err = gauges(); err != nil {
		return err
	}
	if d.Peak, err = peak(os.Getpid()); err != nil {
		return err
	}
	if err := l.Stop(ctx); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

// drain runs a pipeline in a process of its own over all that a broker holds.
func (o options) drain(ctx context.Context, dir, name, store, addr string, memory int64) (d drained, err error) {
	uri := "null:" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if store == "sqlite" {
		file := filepath.Join(dir, strconv.FormatInt(time.Now().UnixNano(), 36)+".db")
		uri = sqliteio.URI(file)
		defer os.Remove(file) //nolint:errcheck // the folder goes as a whole
	}
	self, err := os.Executable()
	if err != nil {
		return d, err
	}
	profile := ""
	if o.Profile != "" {
		profile = named(o.Profile, name+".prof")
	}
	cmd := exec.CommandContext(ctx, self, drainRole, addr, uri, strconv.FormatInt(memory, 10), profile)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(out, &d)
}

// null is a store that keeps marks and nothing else.
type null struct {
	argos.Store
	mu    sync.Mutex
	marks map[int32]argos.Mark
}

func (s *null) Trucks(context.Context, []string) ([]argos.Truck, error) { return nil, nil }

func (s *null) Upsert(context.Context, []argos.Truck) ([]argos.Refusal, error) { return nil, nil }

func (s *null) Ping(context.Context) error { return nil }

func (s *null) Close() error { return nil }

func (s *null) Marks(context.Context, string) (marks []argos.Mark, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks {
		marks = append(marks, m)
	}
	return marks, nil
}

func (s *null) Identity(context.Context) (string, error) { return "null", nil }

func (s *null) SetMarks(_ context.Context, marks []argos.Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil {
		s.marks = map[int32]argos.Mark{}
	}
	for _, m := range marks {
		s.marks[m.Partition] = m
	}
	return nil
}
