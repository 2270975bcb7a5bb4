package kafkaio

import (
	"encoding/binary"
	"fmt"

	"argos"
)

// encodingVersion counts changes of the encoding of a markTracker.
const encodingVersion = 1

// maxParts bounds what a poll may claim to be made of: a record each, of the largest poll.
const maxParts = 1 << 20

// pack encodes the tracker:
//
//	u8 version | i64 mark | then to the end, of each poll above it: i64 from, i64 to | u32 parts | a bit a part, set once it is in
func (w *markTracker) pack() []byte {
	le := binary.LittleEndian
	b := []byte{encodingVersion}
	b = le.AppendUint64(b, uint64(w.mark))
	for s, poll := range w.polls {
		b = le.AppendUint64(b, uint64(s.from))
		b = le.AppendUint64(b, uint64(s.to))
		b = le.AppendUint32(b, uint32(len(poll.seen)))
		bits := make([]byte, (len(poll.seen)+7)/8)
		for i, in := range poll.seen {
			if in {
				bits[i/8] |= 1 << (i % 8)
			}
		}
		b = append(b, bits...)
	}
	return b
}

// decode reads what pack wrote.
func (w *markTracker) decode(b []byte) error {
	le := binary.LittleEndian
	if len(b) < 9 || b[0] != encodingVersion {
		return fmt.Errorf("%w: marks of %d bytes", argos.ErrEncoding, len(b))
	}
	*w = markTracker{mark: int64(le.Uint64(b[1:])), polls: map[span]*arrivals{}}
	for b = b[9:]; len(b) > 0; {
		if len(b) < 20 {
			return fmt.Errorf("%w: marks that end amid a poll", argos.ErrEncoding)
		}
		s, n := span{int64(le.Uint64(b)), int64(le.Uint64(b[8:]))}, int(le.Uint32(b[16:]))
		b = b[20:]
		if n < 1 || n > maxParts || len(b) < (n+7)/8 || s.from >= s.to {
			return fmt.Errorf("%w: marks with a poll [%d, %d) of %d parts", argos.ErrEncoding, s.from, s.to, n)
		}
		poll := &arrivals{seen: make([]bool, n), missing: n}
		for i := range n {
			if b[i/8]&(1<<(i%8)) != 0 {
				poll.seen[i] = true
				poll.missing--
			}
		}
		w.polls[s] = poll
		b = b[(n+7)/8:]
	}
	return nil
}
