package main

import (
	"fmt"
	"math"
)

// table prints what cleaning achieves, a set a line for each mode, drives before their set if there are more.
func table(drives []drive, rs []result) {
	fmt.Printf("%-24s %-9s %6s | %6s %5s | %6s %5s | %s\n", "set", "mode", "raw", "live", "in 2s", "smooth", "in 2s",
		"with faults: jumps live, smooth; untouched live, smooth (without)")
	for i := 0; i < len(drives); {
		j := i
		for j < len(drives) && drives[j].set == drives[i].set {
			j++
		}
		for _, m := range modes {
			line(drives[i].set, m, rs[i:j])
		}
		i = j
	}
}

func line(set string, m mode, rs []result) {
	average := func(f func(*result) (float64, bool)) float64 {
		var x []float64
		for i := range rs {
			if v, ok := f(&rs[i]); ok && !math.IsNaN(v) {
				x = append(x, v)
			}
		}
		return mean(x)
	}
	of := func(f func(errors3) float64) float64 {
		return average(func(r *result) (float64, bool) { e, ok := r.modes[m]; return f(e), ok })
	}
	raw := of(func(e errors3) float64 { return e.raw.mean() })
	if math.IsNaN(raw) && m != recorded {
		return
	}
	fmt.Printf(
		"%-24.24s %-9s %6.2f | %6.2f %4.0f%% | %6.2f %4.0f%% |",
		set,
		m,
		raw,
		of(
			func(e errors3) float64 { return e.live.mean() },
		),
		of(func(e errors3) float64 { return 100 * e.live.within / e.live.n }),
		of(
			func(e errors3) float64 { return e.smoothed.mean() },
		),
		of(func(e errors3) float64 { return 100 * e.smoothed.within / e.smoothed.n }),
	)
	if m == recorded {
		all := func(f func(*result) float64) float64 {
			return average(func(r *result) (float64, bool) { return f(r), true })
		}
		fmt.Printf(
			" %6.1f %6.1f; %5.2f %5.2f (%.2f %.2f)",
			all(
				func(r *result) float64 { return r.jumps.live.mean() },
			),
			all(func(r *result) float64 { return r.jumps.smoothed.mean() }),
			all(
				func(r *result) float64 { return r.untouched.live.mean() },
			),
			all(func(r *result) float64 { return r.untouched.smoothed.mean() }),
			all(
				func(r *result) float64 { return r.same.live.mean() },
			),
			all(func(r *result) float64 { return r.same.smoothed.mean() }),
		)
	}
	fmt.Println()
}
