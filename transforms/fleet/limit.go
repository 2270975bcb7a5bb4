package fleet

import (
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare of what the process may use is for tracks, unless a job says otherwise: beside them a runner in this
// process keeps the state, once whole and once in deltas, and the broker, the store and their clients want memory too.
const memoryShare = 1. / 8

// leastMemory is what tracks get at least: those of the records under way cannot be done without.
const leastMemory = 64 << 20

// ownLimit is the bound by the machine: by its memory or that of the control group, whichever is less.
var ownLimit = sync.OnceValue(func() int {
	machine, err := memlimit.FromSystem()
	if err != nil || machine == 0 {
		machine = 4 << 30 // an operating system that tells nothing
	}
	if group, err := memlimit.FromCgroup(); err == nil && group > 0 {
		machine = min(machine, group)
	}
	return max(int(math.Min(memoryShare*float64(machine), math.MaxInt/2)), leastMemory)
})
