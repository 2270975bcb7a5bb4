package sim_test

import (
	"fmt"
	"time"

	"argos/sim"
)

// A truck that reports its position alone, once in 5 s, brakes from 25 m/s with 2.5 m/s2, and 20 of its fixes are 100 m
// off in between.
func ExampleScenario() {
	r := sim.Scenario{
		Seed: 1, Drive: sim.Straight, Speed: 25, Brake: 2.5, Duration: 20 * time.Minute,
		Receiver:  sim.Receiver{White: 3},
		Reporting: sim.Reporting{Every: 5},
		Faults:    []sim.Fault{{Kind: sim.Jump, From: 50, Fixes: 20, Metres: 100}},
	}.Record()
	good, stands := 0, 0
	for i := range r.Fixes {
		if r.Good[i] {
			good++
		}
		if r.Stood[i] > 20 {
			stands++
		}
	}
	fmt.Printf("%d fixes, %d good, %d after 20 s of standing; the first at %v m/s, sigma %.1f m\n",
		len(r.Fixes), good, stands, r.Speed[0], r.Sigma[0])
	// Output: 240 fixes, 220 good, 19 after 20 s of standing; the first at 25 m/s, sigma 3.0 m
}
