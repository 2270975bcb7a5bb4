// Command fit finds the filter's parameters on recorded drives with truth, and says what they are worth on drives that they were
// not fitted to.
//
//	go run ./benchmarks/fit ../shared/traces
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var drives []drive
	for _, dir := range args {
		sets, err := filepath.Glob(filepath.Join(dir, "*", "*", "truth.csv"))
		if err != nil {
			return err
		}
		for _, s := range sets {
			ds, err := read(filepath.Dir(s))
			if err != nil {
				return err
			}
			drives = append(drives, ds...)
		}
	}
	table(drives)
	return nil
}
