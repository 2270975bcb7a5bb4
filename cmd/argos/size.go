package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// size is a number of bytes, such as 512MB or 2GiB.
type size int64

// UnmarshalText is called by kong.
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n == 0 || n > 1<<62 {
		return fmt.Errorf("%q is no size: want a number of bytes, such as 512MB or 2GiB", text)
	}
	*s = size(n)
	return nil
}

// leastMemory is what the tracks of the records under way may take.
const leastMemory = 64 << 20

// tracksMemory is the flag of those who run a pipeline.
type tracksMemory struct {
	Memory size `help:"What tracks in memory may take, about; unless given, an eighth of what the machine or control group has." placeholder:"SIZE"`
}

func (m tracksMemory) check() error {
	if m.Memory != 0 && m.Memory < leastMemory {
		return fmt.Errorf("--memory %d bytes: at least 64MiB, which the records under way need", m.Memory)
	}
	return nil
}
