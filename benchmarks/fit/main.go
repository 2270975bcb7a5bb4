// Command fit measures the filter on recorded drives with truth, finds its parameters there, and says what they are
// worth on drives of sources that they were not fitted to.
//
//	go run ./benchmarks/fit ../shared/traces ../shared/traces2
//	go run ./benchmarks/fit --evaluations 100 ../shared/traces ../shared/traces2
//
// The first says what the recipe achieves, the second the same of fits that never saw the source.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"argos/transforms/track"
)

type command struct {
	Evaluations int      `help:"Evaluations of the objective in each fit; 0 measures only." placeholder:"N"`
	Sensitivity bool     `help:"Print what doubling and halving each parameter costs."`
	Set         []string `help:"Measure with another value of a parameter."                 placeholder:"NAME=VALUE"`

	Dirs []string `arg:"" help:"Folders of sets of drives." type:"existingdir"`
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
	for _, s := range c.Set {
		if err := set(&by, s); err != nil {
			return err
		}
	}
	table(drives, measureAll(by, drives, modes...))
	if c.Sensitivity {
		sensitivity(by, drives)
	}
	if c.Evaluations == 0 {
		return nil
	}
	rs := validate(drives, c.Evaluations)
	fmt.Println("\neach set by a recipe that was fitted to the other sources alone")
	table(drives, rs)
	var use []drive
	for i := range drives {
		if drives[i].trusted() {
			use = append(use, drives[i])
		}
	}
	r := fit(use, by, c.Evaluations, func(done int, best float64) {
		fmt.Fprintf(os.Stderr, "\rall          %4d of %d, objective %.4f ", done, c.Evaluations, best)
	})
	fmt.Printf("\nfitted to all: %+v\n", r)
	return nil
}

// set sets one parameter, as in Accel=2.
func set(r *track.Recipe, s string) error {
	name, text, _ := strings.Cut(s, "=")
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("--set %s: %w", s, err)
	}
	f := reflect.ValueOf(r).Elem().FieldByName(name)
	if !f.IsValid() {
		return fmt.Errorf("--set %s: the recipe has no %s", s, name)
	}
	f.SetFloat(v)
	return nil
}
