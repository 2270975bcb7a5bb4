package gateway

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"pgregory.net/rapid"
)

// The window against the plainest model of it: a set of what is done.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		type span struct {
			first    uint64
			n, bytes int
		}
		var open []span
		done := map[uint64]bool{}
		bytes := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(open) == 0 || rapid.Bool().Draw(t, "take") {
				n, size := rapid.IntRange(1, 600).Draw(t, "n"), rapid.SampledFrom([]int{0, 150, 1200}).Draw(t, "size")
				full := w.next-w.base == maxUnackedFixes || w.bytes >= maxUnackedBytes
				first, took := w.take(n, func(int) int { return size })
				if took > n || (took == 0) != full {
					t.Fatalf("took %d of %d, full: %v", took, n, full)
				}
				if took > 0 {
					open = append(open, span{first, took, took * size})
					bytes += took * size
				}
			} else {
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				s := open[i]
				open = append(open[:i], open[i+1:]...)
				w.finish(s.first, s.n, s.bytes)
				bytes -= s.bytes
				for k := range uint64(s.n) {
					done[s.first+k] = true
				}
			}
			base := uint64(0)
			for done[base] {
				base++
			}
			if w.base != base || w.bytes != bytes || w.next-w.base > maxUnackedFixes || w.empty() != (len(open) == 0) {
				t.Fatalf("base %d next %d bytes %d, want base %d bytes %d", w.base, w.next, w.bytes, base, bytes)
			}
		}
	})
}

type stored struct {
	ms         int64
	key, value string
	number     uint64
}

// A batch is what kafka-go's own decoder reads, and picks keep times, origins and cost.
func TestBatch(t *testing.T) {
	s := new(stream)
	rapid.Check(t, func(t *rapid.T) {
		var b batch
		var want []stored
		for i := range rapid.IntRange(1, 80).Draw(t, "n") {
			r := stored{
				rapid.Int64Range(1.7e12, 1.7e12+5000).Draw(t, "ms"),
				rapid.StringN(0, 70, -1).Draw(t, "key"), rapid.StringN(0, 300, -1).Draw(t, "value"),
				uint64(i) + rapid.Uint64Range(0, 1).Draw(t, "gap")*1000,
			}
			want = append(want, r)
			b.add(r.ms, []byte(r.key), []byte(r.value), s, r.number)
		}
		b.seal(7, 3, 2147483600)
		compare(t, &b, want)

		keep := rapid.SliceOfN(rapid.Bool(), len(want), len(want)).Draw(t, "keep")
		in, out := b.pick(func(i int) bool { return keep[i] }), b.pick(func(i int) bool { return !keep[i] })
		if in.cost+out.cost != b.cost || in.n+out.n != b.n {
			t.Fatalf("costs %d + %d, want %d", in.cost, out.cost, b.cost)
		}
		var kept []stored
		for i, r := range want {
			if keep[i] {
				kept = append(kept, r)
			}
		}
		if len(kept) > 0 {
			in.seal(-1, -1, -1)
			compare(t, in, kept)
		}
	})
}

func compare(t *rapid.T, b *batch, want []stored) {
	var set protocol.RecordSet
	if _, err := set.ReadFrom(bytes.NewReader(b.b)); err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		r, err := set.Records.ReadRecord()
		if err != nil {
			t.Fatal(err)
		}
		key, _ := protocol.ReadAll(r.Key)
		value, _ := protocol.ReadAll(r.Value)
		if r.Offset != int64(i) || r.Time.UnixMilli() != w.ms || string(key) != w.key || string(value) != w.value {
			t.Fatalf("record %d: %d %v %q %q, want %+v", i, r.Offset, r.Time, key, value, w)
		}
	}
	n, bytes := 0, 0
	b.each(func(i int, ms int64, key, value []byte, _ *stream, number uint64) {
		if got := (stored{ms, string(key), string(value), number}); i != n || got != want[i] {
			t.Fatalf("record %d: %+v, want %+v", i, got, want[i])
		}
		bytes += len(key) + len(value)
		n++
	})
	if n != len(want) {
		t.Fatalf("%d records, want %d", n, len(want))
	}
	for _, o := range b.origins {
		bytes -= o.bytes
	}
	if bytes != 0 {
		t.Fatal(fmt.Sprint("origins miscount by ", bytes, " bytes"))
	}
}

// What an attempt without an answer may still be reading is never written to again.
func TestUncertainBatchIsSealedInACopy(t *testing.T) {
	var b batch
	b.add(1, []byte("k"), []byte("v"), nil, 0)
	b.seal(1, 0, 5)
	before := b.b
	kept := bytes.Clone(before)
	b.uncertain = true
	b.seal(2, 0, 0)
	if !bytes.Equal(before, kept) || bytes.Equal(b.b, kept) {
		t.Error("the bytes of the first attempt were changed, or those of the second were not")
	}
}
