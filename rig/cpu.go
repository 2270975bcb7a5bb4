package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// CPU is the processor time that a process has used, in seconds: fields 14 and 15 of its stat (proc(5)), in
// hundredths.
func CPU(pid int) (seconds float64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	for _, i := range []int{11, 12} {
		ticks, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
		}
		seconds += ticks / 100
	}
	return seconds, nil
}
