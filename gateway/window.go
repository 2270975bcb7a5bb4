package gateway

import "math/bits"

// Limits of what one stream may have on its way to Kafka; at either, it is not read on.
const (
	maxUnackedFixes = 4096 // a power of two
	maxUnackedBytes = 1 << 20
)

// window knows which of a stream's fixes are done. Fixes are numbered from 0 in the order in which they came; those of one
// stream go to many partitions, so they are done out of order, while an ack tells of all up to a number.
//
// Invariant: base <= next <= base + maxUnackedFixes, and every fix below base is done.
type window struct {
	base, next uint64
	bytes      int // of records that are not done
	done       [maxUnackedFixes / 64]uint64
}

// take numbers fixes of the given sizes, as many as there is room for.
func (w *window) take(n int, size func(i int) int) (first uint64, taken int) {
	first = w.next
	for taken < n && w.next-w.base < maxUnackedFixes && w.bytes < maxUnackedBytes {
		w.bytes += size(taken)
		w.next++
		taken++
	}
	return first, taken
}

// finish says that the n fixes from first on are done, which made up the given bytes.
func (w *window) finish(first uint64, n, bytes int) {
	w.bytes -= bytes
	if first == w.base { // the common case: one truck, one partition
		w.base += uint64(n)
	} else {
		for i := first; i < first+uint64(n); i++ {
			w.done[i/64%uint64(len(w.done))] |= 1 << (i % 64)
		}
	}
	for w.base < w.next {
		word := &w.done[w.base/64%uint64(len(w.done))]
		run := bits.TrailingZeros64(^(*word >> (w.base % 64)))
		if run == 0 {
			return
		}
		*word &^= (1<<run - 1) << (w.base % 64)
		w.base += uint64(run)
	}
}

func (w *window) empty() bool { return w.base == w.next }
