package rig

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are sought here, below those that systems give to outgoing connections (32768 and up on Linux): else, while a server is
// down, any client's connection may take its port, and it can't start again.
const (
	lowestPort  = 15_000
	highestPort = 32_000
	host        = "127.0.0.1:"
)

// FreeAddrs finds n addresses of 127.0.0.1 that nobody listens on, host:port, for servers that will be started again on them.
func FreeAddrs(n int) ([]string, error) {
	addrs := make([]string, 0, n)
	var err error
	for range 100 * n {
		addr := host + strconv.Itoa(lowestPort+rand.IntN(highestPort-lowestPort)) //nolint:gosec // any will do
		l, lerr := net.Listen("tcp", addr)                                        //nolint:noctx // it does not wait for anybody
		if lerr != nil {
			err = lerr
			continue
		}
		defer l.Close() //nolint:errcheck // it has served its purpose; open until all are found, so that they differ
		if addrs = append(addrs, addr); len(addrs) == n {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("find a free port: %w", err)
}
