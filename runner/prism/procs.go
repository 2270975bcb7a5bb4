package prism

import (
	"os"
	"runtime"
)

// procs is how many goroutines may run at once while Prism does.
const procs = 8

// raiseProcs keeps Prism from starving this process. From the moment when a bundle's data is complete to that when
// its response has come, Prism's stage spins on a closed channel; two such stages occupy both processors of a small
// machine, and the response that would end it is not even read from its socket. With more runnable goroutines than
// that the kernel shares the processors out. docs/adr/0008 has the figures. GOMAXPROCS in the environment goes
// before.
func raiseProcs() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(procs, runtime.GOMAXPROCS(0)))
	}
}
