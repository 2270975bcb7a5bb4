package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/optimize"

	"argos/transforms/track"
)

// fitted are the parameters that the optimiser moves, by the logarithm of each.
func fitted(p *track.Recipe) []*float64 {
	return []*float64{
		&p.Accel, &p.Velocity, &p.Reflected, &p.Slow,
	}
}

const (
	honesty = 0.3   // weight of the log likelihood of the claimed accuracy against the relative error
	pull    = 0.003 // weight of the squared logarithm by which a parameter leaves its start
)

// objective is the mean over sets, so that none counts for its number of drives, of the mean over its drives of
//
//	live/raw + smoothed/raw + honesty (score live + score smoothed)
//
// with mean errors, and as score minus the log likelihood of a two-dimensional Gaussian of the claimed sigma, bounded per fix so that no
// outlier rules, less that of the raw mean error.
func objective(by track.Recipe, drives []drive) float64 {
	rs := all(by, drives, false)
	sum, n := map[string]float64{}, map[string]float64{}
	for i := range rs {
		r := &rs[i]
		raw := r.raw.mean()
		sum[drives[i].set] += r.live.mean()/raw + r.smoothed.mean()/raw +
			honesty*(r.live.score/r.live.n+r.smoothed.score/r.smoothed.n-4*math.Log(raw))
		n[drives[i].set]++
	}
	total := 0.0
	for _, set := range slices.Sorted(maps.Keys(sum)) { // in one order, so that a fit comes out again to the last digit
		total += sum[set] / n[set]
	}
	return total / float64(len(sum))
}

// fit returns the recipe, from start, with which the objective on the drives, and a weak pull towards the start, are least: what the
// drives do not tell stays as physics has it.
func fit(drives []drive, start track.Recipe, evaluations int) (track.Recipe, error) {
	origin := make([]float64, len(fitted(&start)))
	for i, p := range fitted(&start) {
		origin[i] = math.Log(*p)
	}
	at := func(x []float64) track.Recipe {
		r := start
		for i, p := range fitted(&r) {
			*p = math.Exp(x[i])
		}
		return r
	}
	problem := optimize.Problem{Func: func(x []float64) float64 {
		far := 0.0
		for i := range x {
			far += (x[i] - origin[i]) * (x[i] - origin[i])
		}
		return objective(at(x), drives) + pull*far
	}}
	result, err := optimize.Minimize(problem, origin, &optimize.Settings{FuncEvaluations: evaluations}, &optimize.NelderMead{SimplexSize: 0.3})
	if result == nil {
		return start, fmt.Errorf("fit: %w", err)
	}
	return at(result.X), nil // the best so far, if the evaluations have run out
}

// group is what stays together in cross-validation: drives of one route and day, which share streets, sky and traffic.
func group(d *drive) string {
	if strings.HasPrefix(d.set, "gsdc") {
		return "gsdc"
	}
	return d.set + "/" + d.name
}

// validate fits without each group in turn, and says what the fit is worth on that group: its objective with the recipe as it
// stands and with the one that never saw it.
func validate(drives []drive, evaluations int) error {
	start := track.Usual()
	var groups []string
	for i := range drives {
		if g := group(&drives[i]); !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	fmt.Println("held out                            objective: recipe  fitted to the others   live/raw  smoothed/raw")
	for _, g := range groups {
		var in, out []drive
		for i := range drives {
			if group(&drives[i]) == g {
				out = append(out, drives[i])
			} else {
				in = append(in, drives[i])
			}
		}
		before := objective(start, out)
		r, err := fit(in, start, evaluations)
		if err != nil {
			return err
		}
		after := objective(r, out)
		var live, smoothed float64
		rs := all(r, out, false)
		for i := range rs {
			live += rs[i].live.mean() / rs[i].raw.mean() / float64(len(rs))
			smoothed += rs[i].smoothed.mean() / rs[i].raw.mean() / float64(len(rs))
		}
		fmt.Printf("%-46s %7.3f %20.3f %10.2f %12.2f\n", g, before, after, live, smoothed)
	}
	return nil
}
