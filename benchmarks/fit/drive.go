package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"argos"
	"argos/evaluate"
	"argos/io/traceio"
)

// drive is a recorded drive in memory, as it was and with injected faults.
type drive struct {
	set, name     string
	clean, faulty evaluate.Drive
}

// read reads a drive's folder.
func read(dir string) (d drive, err error) {
	d.set, d.name = filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	found, err := traceio.Find([]string{dir}, traceio.FixesFile)
	if err != nil {
		return d, err
	}
	f := found[0]
	if d.clean.Truth, err = traceio.Truth(f); err != nil {
		return d, err
	}
	if d.clean.Records, err = records(f); err != nil {
		return d, err
	}
	f.Fixes = filepath.Join(dir, "fixes_corrupt.csv")
	d.faulty.Truth = d.clean.Truth
	if d.faulty.Records, err = records(f); err != nil {
		return d, err
	}
	if d.faulty.Faults, err = traceio.Faults(f); err != nil {
		return d, err
	}
	if len(d.faulty.Faults) != len(d.faulty.Records) {
		return d, fmt.Errorf("%s: %d labels of %d rows", f.Fixes, len(d.faulty.Faults), len(d.faulty.Records))
	}
	return d, nil
}

func records(f traceio.Drive) ([]argos.Record, error) {
	rows, err := traceio.Read(f)
	if err != nil {
		return nil, err
	}
	var out []argos.Record
	for _, row := range rows {
		if row.Err != nil { // the gateway would refuse it; a fix that says it is none keeps the rows in step
			row.Fix = argos.NewFix("T", 0, 0, 0)
			row.Fix.Valid = false
		}
		out = append(out, argos.Record{Fix: row.Fix, Recorded: true})
	}
	return out, nil
}

// trusted says whether a drive's truth is good enough to fit to: comma2k19's is a tenth of a second off.
func trusted(d *drive) bool { return !strings.HasPrefix(d.set, "comma") }
