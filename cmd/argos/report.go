package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"argos"
	"argos/audit"
	"argos/transforms/track"
	"argos/truth"
)

// report is what a demo proves of itself.
type report struct {
	audit.Report
	LatencyMs   quantiles               `json:"latency_ms"` // from the gateway's receipt to stored
	FixesPerSec float64                 `json:"fixes_per_s"`
	ErrorM      map[string]*truth.Score `json:"error_m,omitempty"` // by drive, where the truth is known
}

type quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// examine audits a drained demo, and measures each document on its way, one after every record, against the truth.
func examine(ctx context.Context, c audit.Config, f feed) (*report, error) {
	r := &report{ErrorM: map[string]*truth.Score{}}
	var doc argos.Truck
	c.Folded = func(rec *argos.Record, t *track.Track) {
		at, known := f.truth(rec.TruckID, rec.Time)
		if !known {
			return
		}
		s := r.ErrorM[rec.TruckID]
		if s == nil {
			s = &truth.Score{}
			r.ErrorM[rec.TruckID] = s
		}
		t.Fill(&doc)
		s.Add(&rec.Fix, argos.LatLon{Lat: doc.Lat, Lon: doc.Lon}, at, known)
	}
	a, err := audit.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	r.Report = *a
	return r, nil
}

// writable says now, and not after a long run, that a report could not be written.
func writable(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("the report can't be written: %w", err)
	}
	return f.Close()
}

// write puts the report into a file, or on stdout for "-"; a summary for people goes to the terminal.
func (r *report) write(path string, t terminal, took time.Duration) error {
	fmt.Fprintf(t.err, "%d fixes sent, %d acked, %d refused; %d stored of %d in the log in %s; lost %d, diverged %d, unauditable %d, pending %d\n",
		r.Sent, r.Acked, r.Refused, r.Stored, r.InLog, took.Round(100*time.Millisecond), r.Lost, r.Diverged, r.Unauditable, r.Pending)
	for _, p := range r.Problems {
		fmt.Fprintln(t.err, p)
	}
	if path == "" {
		return nil
	}
	out := t.out
	if path != "-" {
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		defer f.Close()
		out = io.Writer(f)
	}
	return printJSON(out, r)
}
