package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"argos"
	"argos/evaluate"
	"argos/io/traceio"
	"argos/pipelines"
)

// drives reads what has a truth, in each mode, and says what has none. That some files could not be used is
// incomplete's to say.
func (c *evaluateCmd) drives(
	ctx context.Context, log *slog.Logger, t terminal,
) (drives []evaluate.Drive, incomplete, err error) {
	found, err := traceio.Find(c.Trace, c.Fixes)
	if err != nil {
		return nil, nil, err
	}
	var files []*traceio.Summary
	failed := 0
	for _, d := range found {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		d.Columns, d.Date = c.columns(), c.Date
		track, err := traceio.Truth(d)
		if err != nil {
			return nil, nil, err
		}
		if len(track) == 0 {
			log.Warn("drive left out: nothing is known of where it really was", "drive", d.Name, "truth", d.Truth)
			continue
		}
		one, s := measurable(d, log)
		if files = append(files, s); s.Err() != nil {
			failed++
			continue
		}
		one.Truth = track
		for _, m := range c.Mode {
			if in, ok := m.Of(one); ok {
				drives = append(drives, in)
			}
		}
	}
	measured := len(files) - failed
	switch {
	case len(files) == 0:
		return nil, nil, fmt.Errorf("there is nothing to compare with: none of the %d drives has a %s",
			len(found), traceio.TruthFile)
	case len(files) == 1 && failed == 1:
		return nil, nil, files[0].Err()
	}
	printSummaries(t.err, fmt.Sprintf("%d drives, %d without a truth left out", measured, len(found)-len(files)), files)
	if failed > 0 {
		incomplete = fmt.Errorf("%d of %d %w", failed, len(files), pipelines.ErrUnusable)
	}
	switch {
	case measured == 0:
		return nil, nil, incomplete
	case len(drives) == 0:
		return nil, nil, fmt.Errorf("--mode %v takes nothing from any of the %d drives: add recorded", c.Mode, measured)
	}
	return drives, incomplete, nil
}

// measurable reads a drive, and what was done to its fixes before they were given to us, if that is known.
func measurable(d traceio.Drive, log *slog.Logger) (evaluate.Drive, *traceio.Summary) {
	one := evaluate.Drive{Set: d.Set(), Name: d.Name}
	rows, s := readDrive(d)
	if s.Err() != nil {
		return one, s
	}
	var labels []string
	if filepath.Base(d.Fixes) == corruptFile {
		if labels, s.Failed = traceio.Faults(d); s.Failed != nil {
			return one, s
		}
	}
	if one.Records, one.Faults, s.Failed = records(d, rows, labels); s.Failed != nil {
		return one, s
	}
	s.Folded = true
	pipelines.CountFolded(s, rows)
	if labels == nil {
		return one, s
	}
	clean := d
	clean.Fixes = filepath.Join(filepath.Dir(d.Fixes), traceio.FixesFile)
	rows, of := readDrive(clean)
	err := of.Err()
	if err == nil {
		one.Clean, _, err = records(clean, rows, nil)
	}
	if err != nil {
		log.Warn("what faults cost the fixes beside them is not known: no fixes without faults",
			"drive", d.Name, "err", err)
	}
	return one, s
}

// records are the rows that are fixes, all of one truck, with the labels, if there are any, of these.
func records(
	d traceio.Drive, rows []traceio.Row, labels []string,
) (records []argos.Record, faults []string, err error) {
	if labels != nil && len(labels) != len(rows) {
		return nil, nil, fmt.Errorf("trace %s has %d rows, but the %s beside it %d",
			d.Fixes, len(rows), traceio.FaultsFile, len(labels))
	}
	truck := ""
	for _, r := range rows {
		if r.Err != nil {
			continue
		}
		if truck == "" {
			truck = r.Fix.TruckID
		}
		if r.Fix.TruckID != truck {
			return nil, nil, fmt.Errorf("trace %s has several trucks, %s and %s, but the truth beside it is of one",
				d.Fixes, truck, r.Fix.TruckID)
		}
		r.Fix.TruckID = d.Name
		records = append(records, argos.Record{Fix: r.Fix, Recorded: true})
		if labels != nil {
			faults = append(faults, labels[r.N])
		}
	}
	return records, faults, nil
}
