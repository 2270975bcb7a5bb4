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

// read reads the drives with truth below a folder of sets.
func read(dir string) ([]drive, error) {
	var out []drive
	found, err := traceio.Find([]string{dir}, "fixes.csv")
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		d := drive{set: filepath.Base(filepath.Dir(filepath.Dir(f.Fixes))), name: filepath.Base(filepath.Dir(f.Fixes))}
		if d.truth, err = traceio.Truth(f); err != nil {
			return nil, err
		}
		if d.truth == nil {
			continue
		}
		if d.records, err = records(f); err != nil {
			return nil, err
		}
		f.Fixes = filepath.Join(filepath.Dir(f.Fixes), "fixes_corrupt.csv")
		if d.corrupt, err = records(f); err != nil {
			return nil, err
		}
		if d.labels, err = labels(filepath.Join(filepath.Dir(f.Fixes), "faults.csv")); err != nil {
			return nil, err
		}
		if len(d.labels) != len(d.corrupt) {
			return nil, fmt.Errorf("%s: %d labels of %d rows", f.Fixes, len(d.labels), len(d.corrupt))
		}
		out = append(out, d)
	}
	return out, nil
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
			row.Fix = argos.NewFix(d0, 0, 0, 0)
			row.Fix.Valid = false
		}
		out = append(out, argos.Record{Fix: row.Fix, Recorded: true})
	}
}

const d0 = "T"

func labels(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
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

func phone(set string) bool { return !strings.HasPrefix(set, "comma") }
