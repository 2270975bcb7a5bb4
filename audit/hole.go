package audit

import (
	"fmt"
	"strings"
)

// hole is a run of offsets [from, to) without a record. A transaction's marker leaves one, and so do compaction and whoever
// rewrites a log: whether anything is missing is told by the documents and the ledger.
type hole struct{ from, to int64 }

// maxHoles bounds what is remembered of a partition, for it is only named.
const maxHoles = 8

// skipped notes the offsets [from, to), if any, over which a partition was read without finding a record.
func (f *fold) skipped(partition int32, from, to int64) {
	if to <= from {
		return
	}
	f.Holes += to - from
	if len(f.holes[partition]) < maxHoles {
		f.holes[partition] = append(f.holes[partition], hole{from, to})
	}
}

// without names the first holes of a partition below an offset, for whoever misses a record there.
func (f *fold) without(partition int32, below int64) string {
	var b strings.Builder
	for _, h := range f.holes[partition] {
		switch {
		case h.from >= below:
		case h.to == h.from+1:
			fmt.Fprintf(&b, ", %d", h.from)
		default:
			fmt.Fprintf(&b, ", %d-%d", h.from, h.to-1)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "; no record at offset " + b.String()[2:]
}
