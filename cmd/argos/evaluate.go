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

	"argos/evaluate"
	"argos/evaluate/plots"
)

type evaluateCmd struct {
	Trace     []string `arg:"" help:"Recorded drives with a truth.csv beside them, or folders of such drives." type:"path"`
	recorded  `embed:""`
	Baselines bool            `help:"Measure the usual filters too, in the same run."`
	Mode      []evaluate.Mode `help:"What the fixes report, of ${enum}." enum:"recorded,speed,positions" default:"recorded"`
	Thin      []time.Duration `help:"Also thin each drive to one fix in so long; measure at and between." placeholder:"10s,30s"`
	Faults    bool            `help:"Also print what is said at injected jumps, and the error at each fault."`
	JSON      string          `help:"Write all figures as JSON to this file; - is standard output." name:"json" placeholder:"FILE|-"`
	Plots     string          `help:"Draw each drive into this folder, as <set>_<drive>.png." type:"path" placeholder:"DIR"`
}

func (evaluateCmd) Help() string {
	return `Prints the error of the raw fixes, of the live filter and of the smoother against the truth, in metres: for each
drive, and as means for each set. How far they lag, how often the truth is within the accuracy that is claimed, and for
how long at most it was beyond 5 sigma. Of a truck that stands (the truth goes less than 0.1 m/s for 20 s; the first 15 s
do not count) how often it is told to be stopped, and how far the answers creep; of one that goes more than 2 m/s how
often it is wrongly told so.

With --fixes fixes_corrupt.csv and a faults.csv that says what was done to each of its rows, injected jumps are counted
apart, by how many arrived in a row, and the untouched fixes are compared with the same ones without faults, from the
fixes.csv beside it.

--mode positions takes speed and course from the fixes, --mode speed the course alone. What has none to take is left out.

Examples:
  argos evaluate drives/
  argos evaluate drives/ --baselines --thin 10s,30s --json figures.json --plots plots/
  argos evaluate drives/ --mode recorded,speed,positions
  argos evaluate drives/ --fixes fixes_corrupt.csv --faults`
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
	drives, incomplete, err := c.drives(ctx, log, t)
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
	err = r.Print(table)
	if c.Faults && err == nil {
		err = r.PrintFaults(table)
	}
	if err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	if err := writeFigures(c.JSON, t.out, r); err != nil {
		return err
	}
	if err := c.draw(ctx, t, drives); err != nil {
		return err
	}
	return incomplete
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
			fmt.Fprintf(t.err, "argos: stopped; %d of %d plots are drawn into %s\n", i, len(drives), c.Plots)
			return errUnclean
		}
		if err := plots.Drive(filepath.Join(c.Plots, pictureName(&drives[i])), &drives[i]); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.err, "%d plots drawn into %s\n", len(drives), c.Plots)
	return nil
}

// pictureName is <set>_<drive>.png, with the mode before the dot where it is not as recorded.
func pictureName(d *evaluate.Drive) string {
	if d.Mode == evaluate.Recorded {
		return d.Name + ".png"
	}
	return d.Name + "_" + string(d.Mode) + ".png"
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
