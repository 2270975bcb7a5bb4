package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"argos/transforms/track"
)

// fitted are the parameters that the optimiser moves, by the logarithm of each.
func fitted(p *track.Parameters) []*float64 {
	return []*float64{
		&p.Accel, &p.AccelAlone, &p.Decay, &p.Along, &p.Across, &p.Standing, &p.Reflected, &p.White, &p.Slow, &p.WhiteAlone, &p.SlowAlone,
	}
}

// objective is the mean over sets, so that none counts for its number of drives, of the mean over its drives of: errors live
// and smoothed, each divided by the raw error, and how well the claimed accuracy fits the errors (minus log likelihood).
func objective(drives []drive) float64 {
	rs := all(drives, false)
	sum, n := map[string]float64{}, map[string]float64{}
	for i := range rs {
		r := &rs[i]
		raw := r.raw.mean()
		sum[drives[i].set] += r.live.mean()/raw + r.smoothed.mean()/raw + honesty*(r.live.score/r.live.n+r.smoothed.score/r.smoothed.n-4*math.Log(raw))
		n[drives[i].set]++
	}
	total := 0.0
	for set := range sum {
		total += sum[set] / n[set]
	}
	return total / float64(len(sum))
}

// honesty weighs the log likelihood against the relative error.
const honesty = 0.3

// fit moves track.Recipe to where the objective on the drives is least, from where it is.
func fit(drives []drive, evaluations int) (float64, error) {
	start := track.Recipe
	var x []float64
	for _, p := range fitted(&start) {
		x = append(x, math.Log(*p))
	}
	put := func(x []float64) {
		for i, p := range fitted(&track.Recipe) {
			*p = math.Exp(x[i])
		}
	}
	problem := optimize.Problem{Func: func(x []float64) float64 {
		// a weak pull towards the start: what the drives do not tell stays as physics has it
		pull := 0.0
		for i, p := range fitted(&start) {
			d := x[i] - math.Log(*p)
			pull += d * d
		}
		put(x)
		return objective(drives) + 0.003*pull
	}}
	result, err := optimize.Minimize(problem, x, &optimize.Settings{FuncEvaluations: evaluations}, &optimize.NelderMead{SimplexSize: 0.5})
	if result == nil {
		return 0, fmt.Errorf("fit: %w", err)
	}
	put(result.X)
	return result.F, nil
}
