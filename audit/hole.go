package audit

import (
	"fmt"
	"strings"
)

// hole is a run of offsets [from, to) without a record. A transaction's marker leaves one, and so do compaction and
// whoever rewrites a log: whether anything is missing is told by the documents and the ledger.
type hole struct{ from, to int64 }

// maxHoles bounds what is remembered of a partition, for it is only named.
const maxHoles = 8

// skipped notes the offsets [from, to), if any, over which a partition was read without finding a record.
func (p *partition) skipped(r *Report, from, to int64) {
	if to <= from {
		return
	}
	r.Holes += to - from
	if len(p.holes) < maxHoles {
		p.holes = append(p.holes, hole{from, to})
	}
}

// without names the first holes of a partition below an offset, for whoever misses a record there.
func (p *partition) without(below int64) string {
	var b strings.Builder
	for _, h := range p.holes {
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
