package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"argos"
	"argos/evaluate"
	"argos/io/traceio"
)

// drive is a recorded drive in memory, as it was (nil for a set of faults alone) and with injected faults.
type drive struct {
	set, name     string
	clean, faulty *evaluate.Drive
}

// hard is how the sets end whose drives are those of others, with more faults.
const hard = "-hard"

// read reads a drive's folder.
func read(dir string) (d drive, err error) {
	d.set, d.name = filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	found, err := traceio.Find([]string{dir}, traceio.FixesFile)
	if err != nil {
		return d, err
	}
	f := found[0]
	truth, err := traceio.Truth(f)
	if err != nil {
		return d, err
	}
	if !strings.HasSuffix(d.set, hard) {
		d.clean = &evaluate.Drive{Set: d.set, Name: d.name, Truth: truth}
		if d.clean.Records, err = records(f); err != nil {
			return d, err
		}
	}
	f.Fixes = filepath.Join(dir, "fixes_corrupt.csv")
	d.faulty = &evaluate.Drive{Set: d.set, Name: d.name, Truth: truth}
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
func (d *drive) trusted() bool { return !strings.HasPrefix(d.set, "comma") }

// source is where a drive is from. Drives of one source share streets, receivers, or a way to make fixes of
// observations: they are left out together.
func (d *drive) source() string { return strings.SplitN(d.set, "-", 2)[0] }

// mode is what of a fix a receiver tells.
type mode string

const (
	recorded  mode = "recorded"
	speed     mode = "speed"     // no course
	positions mode = "positions" // alone
)

var modes = []mode{recorded, speed, positions}

// of is a drive as a receiver of a mode would have told it; nil where it tells no more anyway.
func (m mode) of(d *evaluate.Drive) *evaluate.Drive {
	out := *d
	out.Records = nil
	differs := m == recorded
	for _, r := range d.Records {
		if m != recorded {
			differs = differs || !math.IsNaN(r.Heading) || m == positions && !math.IsNaN(r.Speed)
			r.Heading = math.NaN()
		}
		if m == positions {
			r.Speed = math.NaN()
		}
		out.Records = append(out.Records, r)
	}
	if !differs {
		return nil
	}
	return &out
}
