package main

import (
	"maps"
	"math"
	"slices"

	"argos/transforms/track"
)

const (
	honesty = 0.3   // weight of the log likelihood of the claimed accuracy against the relative error
	harm    = 20.0  // weight of the squared share by which a mean error is above the raw one
	faults  = 0.1   // weight of the log of the error at injected jumps, m
	pull    = 0.003 // weight of the squared logarithm by which a parameter leaves its start
)

// weights of the modes: most receivers report a velocity.
var weights = map[mode]float64{recorded: 1, positions: 0.5}

// objective is the mean over sources, so that none counts for its number of drives, of that over their sets, of that
// over the drives of
//
//	live/raw + smoothed/raw + harm + honesty (score live + score smoothed)     in each mode, weighed
//	+ faults (log of the error at jumps, live and smoothed)
//
// with mean errors, and as score minus the log likelihood of a two-dimensional Gaussian of the claimed sigma, less
// that of the raw mean error.
func objective(by track.Recipe, drives []drive) float64 {
	rs := measureAll(by, drives, recorded, positions)
	bySource := map[string]map[string][]float64{}
	for i := range rs {
		d := &drives[i]
		if bySource[d.source()] == nil {
			bySource[d.source()] = map[string][]float64{}
		}
		bySource[d.source()][d.set] = append(bySource[d.source()][d.set], rs[i].loss())
	}
	sources := make([]float64, 0, len(bySource))
	for _, source := range slices.Sorted(maps.Keys(bySource)) { // in one order: a fit comes out again to the last digit
		var sets []float64
		for _, set := range slices.Sorted(maps.Keys(bySource[source])) {
			sets = append(sets, mean(bySource[source][set]))
		}
		sources = append(sources, mean(sets))
	}
	return mean(sources)
}

// loss is one drive's part of the objective.
func (r *result) loss() float64 {
	sum, total := 0.0, 0.0
	for _, m := range [...]mode{recorded, positions} {
		weight := weights[m]
		e, ok := r.modes[m]
		if !ok {
			continue
		}
		raw := e.raw.mean()
		for _, s := range [...]sums{e.live, e.smoothed} {
			ratio := s.mean() / raw
			above := math.Max(0, ratio-1)
			sum += weight * (ratio + harm*above*above + honesty*(s.score/s.n-2*math.Log(raw)))
		}
		total += weight
	}
	if total > 0 {
		sum /= total
	}
	if r.jumps.live.n > 0 {
		sum += faults * (math.Log(1+r.jumps.live.mean()) + math.Log(1+r.jumps.smoothed.mean()))
	}
	return sum
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
