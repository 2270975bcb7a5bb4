package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"argos"
	"argos/io/traceio"
	"argos/truth"
)

// drive is a recorded drive in memory.
type drive struct {
	set, name string
	records   []argos.Record
	corrupt   []argos.Record // with injected faults
	labels    []string       // of corrupt
	truth     truth.Track
}

// read reads a drive's folder.
func read(dir string) (d drive, err error) {
	found, err := traceio.Find([]string{dir}, "fixes.csv")
	if err != nil {
		return d, err
	}
	f := found[0]
	d.set, d.name = filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	if d.truth, err = traceio.Truth(f); err != nil {
		return d, err
	}
	if d.records, err = records(f); err != nil {
		return d, err
	}
	f.Fixes = filepath.Join(dir, "fixes_corrupt.csv")
	if d.corrupt, err = records(f); err != nil {
		return d, err
	}
	if d.labels, err = labels(filepath.Join(dir, "faults.csv")); err != nil {
		return d, err
	}
	if len(d.labels) != len(d.corrupt) {
		return d, fmt.Errorf("%s: %d labels of %d rows", f.Fixes, len(d.labels), len(d.corrupt))
	}
	return d, nil
}

func records(f traceio.Drive) ([]argos.Record, error) {
	in, err := traceio.Open(f)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	var out []argos.Record
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if row.Err != nil { // the gateway would refuse it; a fix that says it is none keeps the rows in step
			row.Fix = argos.NewFix("T", 0, 0, 0)
			row.Fix.Valid = false
		}
		out = append(out, argos.Record{Fix: row.Fix, Recorded: true})
	}
}

func labels(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []string
	for _, line := range all[1:] {
		out = append(out, line[1])
	}
	return out, nil
}

// scored are the rows that count: valid, newer than all before, with truth.
func (d *drive) scored(rs []argos.Record) map[int]argos.LatLon {
	out := map[int]argos.LatLon{}
	newest := int64(math.MinInt64)
	for i := range rs {
		at, ok := d.truth.At(rs[i].Time)
		if !rs[i].Valid || !ok || rs[i].Time <= newest {
			continue
		}
		newest = rs[i].Time
		out[i] = at
	}
	return out
}

// trusted says whether a drive's truth is good enough to fit to: comma2k19's is a tenth of a second off.
func trusted(d *drive) bool { return !strings.HasPrefix(d.set, "comma") }
