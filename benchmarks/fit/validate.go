package main

import (
	"fmt"
	"os"
	"slices"

	"argos/transforms/track"
)

// ablation is the recipe without one of its parts.
type ablation struct {
	name    string
	without func(*track.Recipe)
}

// ablations are those parts that a filter can do without. What does not pay is to go.
var ablations = []ablation{
	{"process noise learned", func(r *track.Recipe) { r.Agility = 1e-9 }},
	{"slow error", func(r *track.Recipe) { r.Slow, r.Decay = 0.3, 1e-3 }},
	{"lag", func(r *track.Recipe) { r.LagPrior = 1e-6 }},
	{"scale of wheels", func(r *track.Recipe) { r.Wheels = 1e-6 }},
	{"slow error without velocities", func(r *track.Recipe) { r.SlowMost = 1e-3 }},
}

// validate fits without each source in turn, and measures on that source alone: what is printed of a drive is of a
// recipe that has seen no drive of its source. It returns those results, in the order of the drives, and prints what
// each part is worth there.
func validate(drives []drive, evaluations int) []result {
	start := track.Usual()
	var sources []string
	for i := range drives {
		if s := drives[i].source(); !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	out := make([]result, len(drives))
	lines := ""
	for _, source := range sources {
		var in, held []drive
		var index []int
		for i := range drives {
			switch {
			case drives[i].source() == source:
				held, index = append(held, drives[i]), append(index, i)
			case drives[i].trusted():
				in = append(in, drives[i])
			}
		}
		r := fit(in, start, evaluations, func(done int, best float64) {
			fmt.Fprintf(os.Stderr, "\r%-12s %4d of %d, objective %.4f ", source, done, evaluations, best)
		})
		fmt.Fprintln(os.Stderr)
		for k, x := range measureAll(r, held, modes...) {
			out[index[k]] = x
		}
		lines += fmt.Sprintf("%-12s %9.4f %9.4f", source, objective(start, held), objective(r, held))
		for _, a := range ablations {
			less := r
			a.without(&less)
			lines += fmt.Sprintf(" %+9.4f", objective(less, held)-objective(r, held))
		}
		lines += "\n"
	}
	fmt.Printf(
		"objective on the source held out: of the usual recipe, of that fitted to the others, and that without\n%32s",
		"",
	)
	for _, a := range ablations {
		fmt.Printf(" %.9s", a.name)
	}
	fmt.Print("\n" + lines)
	return out
}
