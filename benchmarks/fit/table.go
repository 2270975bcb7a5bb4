package main

import (
	"fmt"
	"math"
	"sync"

	"argos/transforms/track"
)

// all measures the drives, two at a time.
func all(by track.Recipe, drives []drive, full bool) []result {
	out := make([]result, len(drives))
	var wait sync.WaitGroup
	for half := range 2 {
		wait.Go(func() {
			for i := half; i < len(drives); i += 2 {
				out[i] = measure(by, &drives[i], full)
			}
		})
	}
	wait.Wait()
	return out
}

// table prints what cleaning achieves, a drive a line and a set a line.
func table(by track.Recipe, drives []drive) {
	fmt.Println("set / drive                       raw  | live  in1s in2s | smooth in1s in2s | jumps  smooth untouched same | 10 s  30 s")
	rs := all(by, drives, true)
	for i, d := range drives {
		line("  "+d.name, rs[i:i+1])
		if i+1 == len(drives) || drives[i+1].set != d.set {
			from := i
			for from > 0 && drives[from-1].set == d.set {
				from--
			}
			line(d.set, rs[from:i+1])
		}
	}
}

func line(name string, rs []result) {
	mean := func(f func(*result) float64) float64 {
		sum, n := 0.0, 0.0
		for i := range rs {
			if x := f(&rs[i]); !math.IsNaN(x) { // a drive without a jump has no error there
				sum, n = sum+x, n+1
			}
		}
		return sum / n
	}
	fmt.Printf("%-31.31s %6.2f | %5.2f %4.0f %4.0f | %5.2f  %4.0f %4.0f | %6.2f %6.2f %6.2f %6.2f | %5.2f %5.2f\n", name,
		mean(func(r *result) float64 { return r.raw.mean() }),
		mean(func(r *result) float64 { return r.live.mean() }),
		mean(func(r *result) float64 { return 100 * r.live.in1 / r.live.n }),
		mean(func(r *result) float64 { return 100 * r.live.in2 / r.live.n }),
		mean(func(r *result) float64 { return r.smoothed.mean() }),
		mean(func(r *result) float64 { return 100 * r.smoothed.in1 / r.smoothed.n }),
		mean(func(r *result) float64 { return 100 * r.smoothed.in2 / r.smoothed.n }),
		mean(func(r *result) float64 { return r.jumps }), mean(func(r *result) float64 { return r.smoothJumps }),
		mean(func(r *result) float64 { return r.untouched }), mean(func(r *result) float64 { return r.same }),
		mean(func(r *result) float64 { return r.between[0] }), mean(func(r *result) float64 { return r.between[1] }))
}
