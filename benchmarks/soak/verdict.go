package main

import (
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/stat"
)

// A process's memory is called flat when, over the last two thirds of the run, it does not grow beyond the error of the slope, or by
// less than a twentieth of itself and some megabytes that a garbage collector may come and go with.
const (
	flatShare = .05
	flatMB    = 10
)

// judge tells what the samples say, and whether memory was flat and lag steady.
func judge(to io.Writer, seen []sample) (good bool) {
	late := seen[len(seen)/3:]
	if len(late) < 3 {
		fmt.Fprintln(to, "too few samples to judge")
		return true
	}
	good = true
	span := late[len(late)-1].at - late[0].at
	for i, p := range late[0].processes {
		rss := series(late, func(s *sample) float64 { return s.processes[i].rss })
		slope, err := trend(late, rss)
		mean := stat.Mean(rss, nil)
		grown := slope * span
		flat := slope <= 2*err || grown <= flatShare*mean+flatMB
		good = good && flat
		fmt.Fprintf(to, "memory of %-9s %6.0f MB, %+.2f ± %.2f MB/min: %s\n", p.name, mean, 60*slope, 60*err, word(flat, "flat", "GROWS"))
	}
	lags := series(late, func(s *sample) float64 { return total(s.lag) })
	slope, err := trend(late, lags)
	stored := stat.Mean(series(late, func(s *sample) float64 { return s.stored }), nil)
	// Behind by less than a second's worth is under way.
	steady := slope <= 2*err || slope*span <= stored
	fmt.Fprintf(to, "lag %.0f records (%.0f ms of the load), %+.0f ± %.0f records/min: %s\n",
		stat.Mean(lags, nil), 1000*stat.Mean(lags, nil)/max(stored, 1), 60*slope, 60*err, word(steady, "steady", "GROWS"))
	fmt.Fprintf(to, "stored %.0f/s; p50 %.0f ms, p99 %.0f ms in the mean of the samples, worst p99 %.0f ms\n", stored,
		stat.Mean(series(late, func(s *sample) float64 { return s.p50 }), nil),
		stat.Mean(series(late, func(s *sample) float64 { return s.p99 }), nil), worst(late))
	return good && steady
}

func word(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func worst(seen []sample) (most float64) {
	for i := range seen {
		most = math.Max(most, seen[i].p99)
	}
	return most
}

func series(seen []sample, of func(*sample) float64) []float64 {
	out := make([]float64, len(seen))
	for i := range seen {
		out[i] = of(&seen[i])
	}
	return out
}

// trend is the least-squares slope (a second) of y over the samples' times, and its standard error, as if neighbours were
// independent: they are not, so it is rather too small.
func trend(seen []sample, y []float64) (slope, stderr float64) {
	x := series(seen, func(s *sample) float64 { return s.at })
	a, b := stat.LinearRegression(x, y, nil, false)
	mean := stat.Mean(x, nil)
	var residual, spread float64
	for i := range x {
		residual += (y[i] - a - b*x[i]) * (y[i] - a - b*x[i])
		spread += (x[i] - mean) * (x[i] - mean)
	}
	return b, math.Sqrt(residual / float64(len(x)-2) / spread)
}
