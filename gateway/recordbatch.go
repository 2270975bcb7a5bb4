package gateway

import (
	"encoding/binary"
	"hash/crc32"
)

// Limits of a batch. A topic takes 1 MB a batch unless it says otherwise.
const (
	batchFixes = 5000
	batchBytes = 900_000
)

// batch is a Kafka record batch of message format 2 (KIP-98) under construction: records are encoded as they come. It
// remembers whose they are.
type batch struct {
	b         []byte // size, header, records
	n         int
	base, max int64 // ms: of the first record, of the newest
	origins   []origin
	cost      int64 // what it counts for in the partition's share of memory
	uncertain bool  // an attempt to write it ended without an answer: it may be in the log, and its bytes in use
}

// origin says that the next n records of a batch are a stream's fixes from first on.
type origin struct {
	from  *stream // nil: a dead letter, which nobody waits for
	first uint64
	n     int
	bytes int
}

// recordCost is what a record costs in memory beside its bytes.
const recordCost = 64

func costOf(bytes int) int64 { return int64(bytes) + recordCost }

// batchHead is the size that RawProduce wants in front, and the header from base offset to record count.
const batchHead = 4 + 61

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (b *batch) reset() { *b = batch{b: b.b[:0], origins: b.origins[:0]} }

func (b *batch) full() bool { return b.n >= batchFixes || len(b.b) >= batchBytes }

// fits says whether a record of that many bytes leaves the batch within its bound; a first record always does.
func (b *batch) fits(bytes int) bool { return b.n == 0 || len(b.b)+bytes+32 <= batchBytes }

func (b *batch) add(ms int64, key, value []byte, from *stream, number uint64) {
	if b.n == 0 {
		b.base, b.max = ms, ms
		b.b = append(b.b[:0], make([]byte, batchHead)...)
	}
	b.max = max(b.max, ms)
	dt, do := ms-b.base, int64(b.n)
	size := 1 + varintLen(dt) + varintLen(do) + varintLen(int64(len(key))) + len(key) + varintLen(int64(len(value))) + len(value) + 1
	b.b = binary.AppendVarint(b.b, int64(size))
	b.b = append(b.b, 0) // attributes
	b.b = binary.AppendVarint(b.b, dt)
	b.b = binary.AppendVarint(b.b, do)
	b.b = binary.AppendVarint(b.b, int64(len(key)))
	b.b = append(b.b, key...)
	b.b = binary.AppendVarint(b.b, int64(len(value)))
	b.b = append(b.b, value...)
	b.b = append(b.b, 0) // headers
	b.n++

	bytes := len(key) + len(value)
	b.cost += costOf(bytes)
	if last := len(b.origins) - 1; last >= 0 {
		if o := &b.origins[last]; o.from == from && o.first+uint64(o.n) == number {
			o.n++
			o.bytes += bytes
			return
		}
	}
	b.origins = append(b.origins, origin{from, number, 1, bytes})
}

func varintLen(x int64) int {
	n := 1
	for u := uint64(x)<<1 ^ uint64(x>>63); u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

// seal fills the header in. The same producer id, epoch and sequence give the same bytes, by which the broker knows a retry.
func (b *batch) seal(pid int64, epoch int16, sequence int32) {
	if b.uncertain {
		b.b = append([]byte(nil), b.b...)
	}
	be, h := binary.BigEndian, b.b[4:]
	be.PutUint32(b.b, uint32(len(h)))
	be.PutUint64(h, 0)                     // base offset: the broker's
	be.PutUint32(h[8:], uint32(len(h)-12)) // length of what follows
	be.PutUint32(h[12:], 0xffffffff)       // leader epoch: the broker's
	h[16] = 2                              // magic
	be.PutUint16(h[21:], 0)                // attributes: create time, not compressed
	be.PutUint32(h[23:], uint32(b.n-1))    // last offset delta
	be.PutUint64(h[27:], uint64(b.base))   //
	be.PutUint64(h[35:], uint64(b.max))    //
	be.PutUint64(h[43:], uint64(pid))      //
	be.PutUint16(h[51:], uint16(epoch))    //
	be.PutUint32(h[53:], uint32(sequence)) //
	be.PutUint32(h[57:], uint32(b.n))      //
	be.PutUint32(h[17:], crc32.Checksum(h[21:], castagnoli))
}

// each visits the records with the stream and number of each.
func (b *batch) each(f func(i int, ms int64, key, value []byte, from *stream, number uint64)) {
	rest := b.b[batchHead:]
	varint := func() int64 {
		x, n := binary.Varint(rest)
		rest = rest[n:]
		return x
	}
	bytes := func() []byte {
		n := varint()
		x := rest[:n]
		rest = rest[n:]
		return x
	}
	i := 0
	for _, o := range b.origins {
		for k := range o.n {
			varint()
			rest = rest[1:]
			ms := b.base + varint()
			varint()
			key, value := bytes(), bytes()
			rest = rest[1:]
			f(i, ms, key, value, o.from, o.first+uint64(k))
			i++
		}
	}
}

// pick is a batch of those records that keep wants, in their order.
func (b *batch) pick(keep func(i int) bool) *batch {
	c := &batch{}
	b.each(func(i int, ms int64, key, value []byte, from *stream, number uint64) {
		if keep(i) {
			c.add(ms, key, value, from, number)
		}
	})
	return c
}
