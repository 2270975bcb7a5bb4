package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"argos"
	"argos/evaluate"
	"argos/evaluate/plots"
	"argos/io/traceio"
	"argos/pipelines"
)

type evaluateCmd struct {
	Trace     []string `arg:"" help:"Recorded drives with a truth.csv beside them, or folders of such drives." type:"path"`
	recorded  `embed:""`
	Baselines bool            `help:"Measure the usual filters too, in the same run."`
	Thin      []time.Duration `help:"Also thin each drive to one fix in so long, and measure between them." placeholder:"10s,30s"`
	JSON      string          `help:"Write all figures as JSON to this file; - is standard output." name:"json" placeholder:"FILE|-"`
	Plots     string          `help:"Draw each drive into this folder, as <set>_<drive>.png." type:"path" placeholder:"DIR"`
}

func (evaluateCmd) Help() string {
	return `Prints the error of the raw fixes, of the live filter and of the smoother against the truth, in metres: for each drive,
and as means for each set. How far they lag, and how often the truth is within the accuracy that is claimed. With --fixes
fixes_corrupt.csv and a faults.csv that says what was done to each of its rows, injected faults are counted apart.

Examples:
  argos evaluate drives/
  argos evaluate drives/ --baselines --thin 10s,30s --json figures.json --plots plots/
  argos evaluate drives/ --fixes fixes_corrupt.csv --baselines`
}

// Validate is called by kong.
func (c *evaluateCmd) Validate() error {
	for _, t := range c.Thin {
		if t < time.Second {
			return fmt.Errorf("--thin %v: at least a second", t)
		}
	}
	return c.recorded.Validate()
}

// corruptFile is the usual name of fixes with injected faults.
const corruptFile = "fixes_corrupt.csv"

func (c *evaluateCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	drives, failed, err := c.drives(ctx, log, t)
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		if err := writable(c.JSON); err != nil {
			return err
		}
	}
	methods := evaluate.Ours
	if c.Baselines {
		methods = slices.Concat(methods, evaluate.Baselines)
	}
	began := time.Now()
	hide := show(ctx, t, log, func() string {
		return fmt.Sprintf("measuring %d drives for %v", len(drives), time.Since(began).Round(time.Second))
	})
	r := evaluate.Run(drives, methods, c.Thin)
	hide()
	table := t.out
	if c.JSON == "-" {
		table = t.err
	}
	if err := r.Print(table); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	if err := writeFigures(c.JSON, t.out, r); err != nil {
		return err
	}
	if err := c.draw(ctx, t, drives); err != nil {
		return err
	}
	if failed > 0 {
		return unusable(failed, failed+len(drives))
	}
	return nil
}

// draw draws each drive, if that was asked for.
func (c *evaluateCmd) draw(ctx context.Context, t terminal, drives []evaluate.Drive) error {
	if c.Plots == "" {
		return nil
	}
	if err := os.MkdirAll(c.Plots, 0o755); err != nil {
		return fmt.Errorf("make the folder for the plots: %w", err)
	}
	for i := range drives {
		if ctx.Err() != nil {
			fmt.Fprintf(t.err, "argos: stopped; %d of %d drives are drawn into %s\n", i, len(drives), c.Plots)
			return errUnclean
		}
		if err := plots.Drive(filepath.Join(c.Plots, drives[i].Name+".png"), &drives[i]); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.err, "%d drives drawn into %s\n", len(drives), c.Plots)
	return nil
}

// drives reads what has a truth, and says what has none, and how many could not be used.
func (c *evaluateCmd) drives(ctx context.Context, log *slog.Logger, t terminal) (_ []evaluate.Drive, failed int, _ error) {
	found, err := traceio.Find(c.Trace, c.Fixes)
	if err != nil {
		return nil, 0, err
	}
	var drives []evaluate.Drive
	var files []*traceio.Summary
	without := 0
	for _, d := range found {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		d.Columns, d.Date = c.Columns, c.Date
		track, err := traceio.Truth(d)
		if err != nil {
			return nil, 0, err
		}
		if len(track) == 0 {
			log.Warn("drive left out: nothing is known of where it really was", "drive", d.Name, "truth", d.Truth)
			without++
			continue
		}
		one, s := read(d)
		if files = append(files, s); s.Err() != nil {
			failed++
			continue
		}
		one.Truth = track
		drives = append(drives, one)
	}
	switch {
	case len(files) == 0:
		return nil, 0, fmt.Errorf("there is nothing to compare with: none of the %d drives has a %s", len(found), traceio.TruthFile)
	case len(files) == 1 && failed == 1:
		return nil, 0, files[0].Err()
	}
	printSummaries(t.err, fmt.Sprintf("%d drives, %d without a truth left out", len(drives), without), files)
	if len(drives) == 0 {
		return nil, 0, unusable(failed, len(files))
	}
	return drives, failed, nil
}

// read reads a drive, and the faults that are known of it.
func read(d traceio.Drive) (evaluate.Drive, *traceio.Summary) {
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
		if labels != nil && len(labels) != len(rows) {
			s.Failed = fmt.Errorf("trace %s has %d rows, but the %s beside it %d", d.Fixes, len(rows), traceio.FaultsFile, len(labels))
			return one, s
		}
	}
	truck := ""
	for i, r := range rows {
		if r.Err != nil {
			continue
		}
		if truck == "" {
			truck = r.Fix.TruckID
		}
		if r.Fix.TruckID != truck {
			s.Failed = fmt.Errorf("trace %s has several trucks, %s and %s, but the truth beside it is of one", d.Fixes, truck, r.Fix.TruckID)
			return one, s
		}
		rows[i].Fix.TruckID = d.Name
		one.Records = append(one.Records, argos.Record{Fix: rows[i].Fix, Recorded: true})
		if labels != nil {
			one.Faults = append(one.Faults, labels[r.N])
		}
	}
	s.Folded = true
	pipelines.CountFolded(s, rows)
	return one, s
}

func unusable(failed, files int) error {
	return fmt.Errorf("%d of %d %w", failed, files, pipelines.ErrUnusable)
}

// writeFigures writes the JSON.
func writeFigures(path string, stdout io.Writer, r *evaluate.Report) error {
	switch path {
	case "":
		return nil
	case "-":
		return printJSON(stdout, r)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := errors.Join(printJSON(f, r), f.Close()); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
