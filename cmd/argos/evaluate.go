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
	drives, err := c.drives(ctx, log, t)
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
	r := evaluate.Run(drives, methods, c.Thin)
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

// drives reads what has a truth, and says what has none.
func (c *evaluateCmd) drives(ctx context.Context, log *slog.Logger, t terminal) ([]evaluate.Drive, error) {
	found, err := traceio.Find(c.Trace, c.Fixes)
	if err != nil {
		return nil, err
	}
	var drives []evaluate.Drive
	rows, refused, without := 0, 0, 0
	for _, d := range found {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d.Columns = c.columns()
		one := evaluate.Drive{Set: d.Set(), Name: d.Name}
		if one.Truth, err = traceio.Truth(d); err != nil {
			return nil, err
		}
		if len(one.Truth) == 0 {
			log.Warn("drive left out: nothing is known of where it really was", "drive", d.Name, "truth", d.Truth)
			without++
			continue
		}
		all, err := traceio.Read(d)
		if err != nil {
			return nil, err
		}
		var labels []string
		if filepath.Base(d.Fixes) == corruptFile {
			if labels, err = traceio.Faults(d); err != nil {
				return nil, err
			}
			if labels != nil && len(labels) != len(all) {
				return nil, fmt.Errorf("trace %s has %d rows, but the %s beside it %d", d.Fixes, len(all), traceio.FaultsFile, len(labels))
			}
		}
		for _, r := range all {
			rows++
			if r.Err != nil {
				refused++
				log.Warn("row refused", "err", r.Err)
				continue
			}
			r.Fix.TruckID = d.Name
			one.Records = append(one.Records, argos.Record{Fix: r.Fix, Recorded: true})
			if labels != nil {
				one.Faults = append(one.Faults, labels[r.N])
			}
		}
		drives = append(drives, one)
	}
	if len(drives) == 0 {
		return nil, fmt.Errorf("there is nothing to compare with: none of the %d drives has a %s", len(found), traceio.TruthFile)
	}
	fmt.Fprintf(t.err, "%d drives of %d rows, %d of them refused; %d drives without a truth left out\n", len(drives), rows, refused, without)
	return drives, nil
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
