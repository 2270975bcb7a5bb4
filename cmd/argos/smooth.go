package main

import (
	"context"
	"errors"
	"fmt"

	"argos/pipelines"
)

type smoothCmd struct {
	Trace  []string `arg:"" help:"Recorded drives, or folders of drives." type:"path"`
	Causal bool     `help:"What the live filter would have said after each row; has to be given, a smoother that looks ahead is not there yet."`
	Fixes  string   `help:"The file in a drive's folder." default:"fixes.csv"`
	Out    string   `help:"The folder for <set>_<drive>.csv." type:"path" required:"" placeholder:"DIR"`

	Runner       string `help:"What cleans them: prism, in this process, or flink, a cluster whose workers have the same folders." enum:"prism,flink" default:"prism"`
	clusterFlags `embed:"" group:"With --runner flink:"`
}

func (smoothCmd) Help() string {
	return `Writes one row for each input row, in input order: t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status. The position is empty
before the first accepted fix; a row that can't be read repeats the state with the status "refused".

Examples:
  argos smooth --causal drives/ --out clean/
  argos smooth --causal /mnt/drives --out /mnt/clean --runner flink --job-server jobs:8099 --flink-rest jobs:8081 --parallelism 8`
}

// Validate is called by kong.
func (c *smoothCmd) Validate() error {
	if !c.Causal {
		return errors.New("only --causal is there yet: what the live filter says; a smoother that looks ahead is not")
	}
	return nil
}

func (c *smoothCmd) Run(ctx context.Context, t terminal) error {
	cfg := pipelines.SmoothConfig{Paths: c.Trace, Fixes: c.Fixes, Out: c.Out}
	if c.Runner == "flink" {
		on, err := c.cluster()
		if err != nil {
			return err
		}
		cfg.On = &on
	}
	n, err := pipelines.SmoothCausal(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.err, "%d drives cleaned into %s\n", n, c.Out)
	return nil
}
