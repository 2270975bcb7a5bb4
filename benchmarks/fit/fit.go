package main

import (
	"fmt"
	"math"
	"slices"

	"argos/transforms/track"
)

// parameter is one that the optimiser moves, by its logarithm.
type parameter struct {
	name string
	of   func(*track.Recipe) *float64
}

// parameters are all of the recipe but Sigma, which is the unit of the shares.
var parameters = []parameter{
	{"Accel", func(r *track.Recipe) *float64 { return &r.Accel }},
	{"Agility", func(r *track.Recipe) *float64 { return &r.Agility }},
	{"AgilityRange", func(r *track.Recipe) *float64 { return &r.AgilityRange }},
	{"Velocity", func(r *track.Recipe) *float64 { return &r.Velocity }},
	{"Reflected", func(r *track.Recipe) *float64 { return &r.Reflected }},
	{"Still", func(r *track.Recipe) *float64 { return &r.Still }},
	{"White", func(r *track.Recipe) *float64 { return &r.White }},
	{"Learn", func(r *track.Recipe) *float64 { return &r.Learn }},
	{"Slow", func(r *track.Recipe) *float64 { return &r.Slow }},
	{"Decay", func(r *track.Recipe) *float64 { return &r.Decay }},
	{"SlowShare", func(r *track.Recipe) *float64 { return &r.SlowShare }},
	{"SlowMost", func(r *track.Recipe) *float64 { return &r.SlowMost }},
	{"LagPrior", func(r *track.Recipe) *float64 { return &r.LagPrior }},
	{"Wheels", func(r *track.Recipe) *float64 { return &r.Wheels }},
}

// fit returns the recipe, from start, with which the objective on the drives, and a weak pull towards the start, are
// least: what the drives do not tell stays as physics has it. It is a compass search (Kolda, Lewis, Torczon, SIAM
// Review 45, 2003) by the parameters' logarithms: the objective has steps, where a fix passes the gate or does not, so
// that slopes say little, and each parameter is tried by itself, so that one that does not matter is left alone.
func fit(drives []drive, start track.Recipe, evaluations int, progress func(done int, best float64)) track.Recipe {
	at := func(x []float64) track.Recipe {
		r := start
		for i, p := range parameters {
			*p.of(&r) *= math.Exp(x[i])
		}
		return r
	}
	done := 0
	value := func(x []float64) float64 {
		far := 0.0
		for i := range x {
			far += x[i] * x[i]
		}
		done++
		return objective(at(x), drives) + pull*far
	}
	x := make([]float64, len(parameters))
	best := value(x)
	for step := math.Ln2 / 2; done < evaluations; step /= 2 {
		for i := range parameters {
			for _, sign := range [...]float64{1, -1} {
				next := slices.Clone(x)
				next[i] += sign * step
				if y := value(next); y < best {
					x, best = next, y
					break
				}
			}
			progress(done, best)
		}
	}
	return at(x)
}

// sensitivity prints by how much the objective rises when each parameter is doubled and halved: a parameter that none
// of both shows has no place in the recipe.
func sensitivity(by track.Recipe, drives []drive) {
	base := objective(by, drives)
	fmt.Printf("\nobjective %.4f; more with a parameter\n%-14s %10s %9s %9s\n", base, "", "", "doubled", "halved")
	for _, p := range parameters {
		twice, half := by, by
		*p.of(&twice) *= 2
		*p.of(&half) /= 2
		fmt.Printf(
			"%-14s %10.4g %+9.4f %+9.4f\n",
			p.name,
			*p.of(&by),
			objective(twice, drives)-base,
			objective(half, drives)-base,
		)
	}
}
