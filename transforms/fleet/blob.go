package fleet

import (
	"encoding/binary"
	"fmt"

	"argos"
	"argos/transforms/track"
)

// A shard's state is a base and the deltas since, all in one form: what they are stamped with, how far the shard has
// seen each partition that feeds it, and packed tracks: all of the shard's in a base, those that one part moved in a
// delta.
//
//	u16 version | i32 shards | i32 partitions | i32 epoch | i32 term | u64 writes | u32 count x (i32 partition, i64 seen)
//	then to the end: u8 length, id | i64 recv | i32 partition, i64 next | u16 length, track

// blobVersion counts changes of this encoding and of what a track's bytes mean.
const blobVersion = 4

const (
	blobFixed  = 2 + 4*4 + 8 + 4
	seenSize   = 4 + 8
	entryFixed = 1 + 8 + 4 + 8 + 2
)

var le = binary.LittleEndian

// Stamp is what a blob's content depends on besides the log. A blob with another stamp is discarded, and its trucks are
// seeded from the store again. Term is that of argos.Part.
type Stamp struct{ Shards, Partitions, Epoch, Term int32 }

// in is the same stamp in another term.
func (s Stamp) in(term int32) Stamp {
	s.Term = term
	return s
}

// seen is how far a shard has seen a partition: every part of its records below to has been folded.
type seen struct {
	partition int32
	to        int64
}

type header struct {
	Stamp
	writes uint64 // parts folded
	seen   []seen
}

// entry is one truck of a shard.
type entry struct {
	id        string
	recv      int64 // ms: when the gateway took its newest record in
	partition int32
	next      int64 // its pos
	track     []byte
	unpacked  *track.Track // the same, if the shard keeps it: not in the encoding
	pace      uint8        // see paceOf: not in the encoding
}

func (h *header) append(b []byte) []byte {
	b = le.AppendUint16(b, blobVersion)
	for _, n := range [...]int32{h.Shards, h.Partitions, h.Epoch, h.Term} {
		b = le.AppendUint32(b, uint32(n))
	}
	b = le.AppendUint64(b, h.writes)
	b = le.AppendUint32(b, uint32(len(h.seen)))
	for _, s := range h.seen {
		b = le.AppendUint32(b, uint32(s.partition))
		b = le.AppendUint64(b, uint64(s.to))
	}
	return b
}

// decode reads a blob's header and returns its entries. A blob that does not carry the stamp is foreign.
func (h *header) decode(b []byte, want Stamp) (entries []byte, foreign bool, err error) {
	h.Stamp, h.writes, h.seen = want, 0, h.seen[:0]
	if len(b) < 2 || le.Uint16(b) != blobVersion {
		return nil, true, nil
	}
	if len(b) < blobFixed {
		return nil, false, fmt.Errorf("%w: a shard of %d bytes", argos.ErrEncoding, len(b))
	}
	stamp := Stamp{
		Shards: int32(le.Uint32(b[2:])), Partitions: int32(le.Uint32(b[6:])),
		Epoch: int32(le.Uint32(b[10:])), Term: int32(le.Uint32(b[14:])),
	}
	if stamp != want {
		if stamp.Term > want.Term && stamp.in(want.Term) == want {
			return nil, false, fmt.Errorf(
				"%w: a part of term %d came after one of term %d",
				ErrOrder,
				want.Term,
				stamp.Term,
			)
		}
		return nil, true, nil
	}
	n := int(le.Uint32(b[26:]))
	if n > (len(b)-blobFixed)/seenSize {
		return nil, false, fmt.Errorf("%w: a shard of %d bytes claims %d partitions", argos.ErrEncoding, len(b), n)
	}
	h.writes = le.Uint64(b[18:])
	b = b[blobFixed:]
	for range n {
		h.seen = append(h.seen, seen{int32(le.Uint32(b)), int64(le.Uint64(b[4:]))})
		b = b[seenSize:]
	}
	return b, false, nil
}

// advance moves the shard over a part; false says that the shard has been there before.
func (h *header) advance(p argos.Part) bool {
	for i := range h.seen {
		if s := &h.seen[i]; s.partition == p.Partition {
			if p.From < s.to {
				return false
			}
			s.to = p.To
			return true
		}
	}
	h.seen = append(h.seen, seen{p.Partition, p.To})
	return true
}

func (e *entry) append(b []byte) []byte {
	b = append(b, byte(len(e.id)))
	b = append(b, e.id...)
	b = le.AppendUint64(b, uint64(e.recv))
	b = le.AppendUint32(b, uint32(e.partition))
	b = le.AppendUint64(b, uint64(e.next))
	b = le.AppendUint16(b, uint16(len(e.track)))
	return append(b, e.track...)
}

// size is how many bytes append adds.
func (e *entry) size() int { return entryFixed + len(e.id) + len(e.track) }

var errCut = fmt.Errorf("%w: a shard ends amid a truck", argos.ErrEncoding)

// nextEntry reads the entry at the head of b, whose memory its track shares, and returns its id and what follows it.
func nextEntry(b []byte) (id []byte, e entry, rest []byte, err error) {
	n := int(b[0])
	if len(b) < entryFixed+n {
		return nil, entry{}, nil, errCut
	}
	id = b[1 : 1+n]
	x := b[1+n:]
	e.recv, e.partition, e.next = int64(le.Uint64(x)), int32(le.Uint32(x[8:])), int64(le.Uint64(x[12:]))
	end := entryFixed + n + int(le.Uint16(x[20:]))
	if len(b) < end {
		return nil, entry{}, nil, errCut
	}
	e.track = b[entryFixed+n : end]
	return id, e, b[end:], nil
}
