package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"argos/pipelines"
)

type smoothCmd struct {
	Trace    []string `arg:"" help:"Recorded drives (${formats}), or folders of drives." type:"path"`
	recorded `embed:""`
	Causal   bool          `help:"What the live filter would have said after each row, instead of a smoother that knows the whole drive."`
	Every    time.Duration `help:"A position so often, between fixes too, instead of one a row." placeholder:"1s"`
	Format   string        `help:"What is written: ${enum}." enum:"csv,geojson,gpx" default:"csv"`
	Out      string        `help:"The folder for <set>_<drive>.csv." type:"path" required:"" placeholder:"DIR"`

	Runner       string `help:"What cleans them: prism, in this process, or flink, a cluster whose workers have the same folders." enum:"prism,flink" default:"prism"`
	clusterFlags `embed:"" group:"With --runner flink:"`
}

func (smoothCmd) Help() string {
	return `Writes one row for each input row, in input order: t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status. The position is empty
before the first accepted fix; a row that can't be read repeats the state with the status "refused". A file that names its
trucks, in a column or as NDJSON does, or has tracks of the same hours, becomes one file a truck. At the end it says what became of
the rows of each file. A file of which nothing can be used is an error; the others are cleaned all the same. What is read of each
format: docs/FILES.md.

Examples:
  argos smooth drives/ --out clean/                               each place judged by what came before and after
  argos smooth drives/ --out clean/ --causal                      what the live filter would have said
  argos smooth sparse.gpx --out clean/ --every 1s --format gpx    a track a second, from a fix a minute
  argos smooth receiver.nmea --out clean/ --date 2026-03-02       a receiver that told the time of day alone
  argos smooth log.csv --out clean/ --columns lat=Breite,lon=Laenge,time=Zeit:Europe/Berlin,speed=v:km/h
  argos smooth logs/*.csv --out clean/ --columns tracker.columns  the same, once, in a file:
                                                                    # what our tracker calls them
                                                                    truck = Kennzeichen
                                                                    date  = Datum:dmy
                                                                    time  = Uhrzeit:Europe/Berlin
  argos smooth /mnt/drives --out /mnt/clean --runner flink --job-server jobs:8099 --flink-rest jobs:8081 --parallelism 8`
}

// Validate is called by kong.
func (c *smoothCmd) Validate() error {
	switch {
	case c.Every < 0 || c.Every > 0 && c.Every < time.Millisecond:
		return fmt.Errorf("--every %v: at least a millisecond", c.Every)
	case c.Every > 0 && c.Causal:
		return errors.New(
			"--every asks for places between fixes, which the live filter (--causal) does not know: leave one of them out",
		)
	}
	return c.recorded.Validate()
}

func (c *smoothCmd) Run(ctx context.Context, log *slog.Logger, t terminal) error {
	tally := new(pipelines.Tally)
	cfg := pipelines.SmoothConfig{
		Paths: c.Trace, Fixes: c.Fixes, Columns: c.columns(), Date: c.Date, Out: c.Out,
		Format: c.Format, Causal: c.Causal, Every: c.Every, Tally: tally,
	}
	if c.Runner == "flink" {
		return c.onFlink(ctx, cfg, t)
	}
	hide := show(ctx, t, log, func() string { return tallyLine(tally.Counts()) })
	n, err := pipelines.Smooth(ctx, cfg)
	hide()
	x := tally.Counts()
	if err != nil && ctx.Err() != nil {
		fmt.Fprintf(t.err, "argos: stopped; %d of %d drives are cleaned in %s\n", x.Done, x.Drives, c.Out)
		return errUnclean
	}
	if err != nil && !errors.Is(err, pipelines.ErrUnusable) {
		return err
	}
	printSummaries(t.err, fmt.Sprintf("%d drives cleaned into %s", n, c.Out), tally.Files())
	return err
}

// onFlink says less of its progress than a run in this process can: what is counted is counted where the workers are.
func (c *smoothCmd) onFlink(ctx context.Context, cfg pipelines.SmoothConfig, t terminal) error {
	on, err := c.cluster()
	if err != nil {
		return err
	}
	cfg.On = &on
	n, err := pipelines.Smooth(ctx, cfg)
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintf(
			t.err,
			"argos: stopped, and the job with it; the drives that were cleaned until then are in %s\n",
			c.Out,
		)
		return errUnclean
	case err != nil && !errors.Is(err, pipelines.ErrUnusable):
		return err
	}
	for _, s := range cfg.Tally.Files() {
		if why := s.Err(); why != nil && errors.Is(err, pipelines.ErrUnusable) {
			fmt.Fprintln(t.err, why)
		}
	}
	fmt.Fprintf(t.err, "%d drives cleaned into %s\n", n, c.Out)
	return err
}

// tallyLine is a bar of how much of the files has been read.
func tallyLine(c pipelines.Counts) string {
	const width = 30
	full := 0
	if c.Size > 0 {
		full = int(min(c.Bytes, c.Size) * width / c.Size)
	}
	return fmt.Sprintf(
		"[%s%s] %d of %d drives  %.0f of %.0f MB  %d rows, %d refused",
		strings.Repeat("#", full),
		strings.Repeat(".", width-full),
		c.Done,
		c.Drives,
		float64(c.Bytes)/1e6,
		float64(c.Size)/1e6,
		c.Rows,
		c.Refused,
	)
}
