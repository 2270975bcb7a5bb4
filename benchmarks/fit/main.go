// Command fit finds the filter's parameters on recorded drives with truth, and says what they are worth on drives that they were
// not fitted to.
//
//	go run ./benchmarks/fit ../shared/traces
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"argos/transforms/track"
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
	for _, kv := range strings.Fields(os.Getenv("SET")) {
		k, v, _ := strings.Cut(kv, "=")
		x, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return err
		}
		reflect.ValueOf(&track.Recipe).Elem().FieldByName(k).SetFloat(x)
	}
	table(drives)
	if os.Getenv("FIT") != "" {
		var use []drive
		for _, d := range drives {
			if phone(d.set) {
				use = append(use, d)
			}
		}
		fmt.Println("objective before", objective(use))
		f, err := fit(use, 160)
		if err != nil {
			return err
		}
		fmt.Printf("objective %.4f %+v\n", f, track.Recipe)
		table(drives)
	}
	return nil
}
