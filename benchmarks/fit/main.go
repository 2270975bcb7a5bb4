// Command fit measures the filter on recorded drives with truth, finds its parameters there, and says what they are worth on drives
// that they were not fitted to.
//
//	go run ./benchmarks/fit ../shared/traces                      what the recipe achieves
//	go run ./benchmarks/fit --evaluations 200 ../shared/traces    the same, then a fit, cross-validated by drive and route
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"argos/transforms/track"
)

type command struct {
	Evaluations int      `help:"Evaluations of the objective in each fit; 0 measures only." placeholder:"N"`
	Set []string `help:"x" short:"s"`
	Thin []int64 `help:"t" default:"0"`
	Bursts bool
	Dump string
	Rows []int64
	Smooth, Stands bool
	Verbose bool `short:"v"`
	Dirs        []string `arg:"" type:"existingdir" help:"Folders of sets of drives."`
}

func main() {
	var c command
	kong.Parse(&c, kong.Description("Measure and fit the filter on recorded drives with truth."))
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c *command) run() error {
	var drives []drive
	for _, dir := range c.Dirs {
		found, err := filepath.Glob(filepath.Join(dir, "*", "*", "truth.csv"))
		if err != nil {
			return fmt.Errorf("look for drives: %w", err)
		}
		for _, f := range found {
			d, err := read(filepath.Dir(f))
			if err != nil {
				return err
			}
			drives = append(drives, d)
		}
	}
	if len(drives) == 0 {
		return fmt.Errorf("no drives with truth below %v", c.Dirs)
	}
	by := track.Usual()
	if err := override(&by, c.Set); err != nil {
		return err
	}
	if c.Evaluations == 0 {
		if c.Stands {
			stands(by, drives, c.Thin[0])
			return nil
		}
		smoothedFaults = c.Smooth
		if c.Dump != "" {
			for i := range drives {
				if strings.Contains(drives[i].set+"/"+drives[i].name, c.Dump) {
					if len(c.Rows) == 2 {
						dumpRows(by, &drives[i], c.Rows[0], c.Rows[1])
						continue
					}
					if c.Bursts {
						if c.Verbose {
							dumpJumps(by, &drives[i])
						} else {
							dumpFaults(by, &drives[i])
						}
						continue
					}
					dump(by, &drives[i])
				}
			}
			return nil
		}
		if c.Bursts {
			bursts(by, drives)
		} else {
			verbose = c.Verbose
			probe(by, drives, c.Thin)
		}
		return nil
	}
	if c.Evaluations == 0 {
		return nil
	}
	var use []drive
	for i := range drives {
		if trusted(&drives[i]) {
			use = append(use, drives[i])
		}
	}
	if err := validate(use, c.Evaluations); err != nil {
		return err
	}
	r, err := fit(use, track.Usual(), c.Evaluations)
	if err != nil {
		return err
	}
	fmt.Printf("fitted to all: %+v\n", r)
	table(r, drives)
	return nil
}
