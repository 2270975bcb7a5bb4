package track

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"argos"
)

// The packed form, little-endian, is
//
//	version 2 | checksum 4 | pos 16 | recv 8 | raw 16 | counts 4 x 8 | window and pending sizes 1 | verdicts 1
//	anchor estimate (not without a window) | window fixes | pending fixes
//
// with a fix in fixSize bytes and an estimate in estimateSize, or, as long as it has no fix, in emptySize. The live estimate is
// what the window's fixes make of the anchor; the verdicts must be those that come out. The checksum is CRC-32C of all that
// follows it. What is packed is exact: a track and what Decode makes of its bytes go on alike.
const (
	version = 0x04a7 // the second byte counts versions

	timeSize     = 6                                                                      // ms since 1970, unsigned
	fixSize      = timeSize + 4 + 4 + 2 + 2*2                                             // time, lat, lon, sigma, motion
	emptySize    = 1 + timeSize                                                           // good, seen
	deviceSize   = 13 * 4                                                                 // each of its numbers
	estimateSize = emptySize + 1 + 2*timeSize + 4*4 + 4 + 2 + 4 + deviceSize + 6*4 + 21*4 // run, times, places, motion, sigma, interval, device, X, P
	sealSize     = 2 + 4                                                                  // version, checksum
	headSize     = sealSize + 16 + 8 + 16 + 4*8 + 1 + 1                                   // up to the estimate
	fullSize     = headSize + estimateSize + (windowSize+agreeing-1)*fixSize
)

// MaxSize is the most that a packed track takes, in bytes.
const MaxSize = 512

const _ uint = MaxSize - fullSize // fails to compile when the form outgrows its bound

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Append appends the packed form to b: at most MaxSize bytes, equal for equal tracks.
func (t *Track) Append(b []byte) []byte {
	at := len(b)
	b = le.AppendUint16(b, version)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(t.pos.Epoch))
	b = le.AppendUint32(b, uint32(t.pos.Partition))
	b = le.AppendUint64(b, uint64(t.pos.Next))
	b = le.AppendUint64(b, uint64(t.recv))
	b = le.AppendUint64(b, math.Float64bits(t.raw.Lat))
	b = le.AppendUint64(b, math.Float64bits(t.raw.Lon))
	for _, n := range [...]int64{t.fixes, t.duplicates, t.late, t.rejected} {
		b = le.AppendUint64(b, uint64(n))
	}
	var verdicts byte
	for i := range t.n {
		if t.window[i].used {
			verdicts |= 1 << i
		}
	}
	b = append(b, byte(t.n)|byte(t.waiting)<<4, verdicts)
	if t.n > 0 {
		b = t.anchor.append(b)
	}
	for i := range t.n {
		b = t.window[i].append(b)
	}
	for i := range t.waiting {
		b = t.pending[i].append(b)
	}
	seal(b[at:])
	return b
}

// seal fills in the checksum of a packed track.
func seal(b []byte) { le.PutUint32(b[2:], crc32.Checksum(b[sealSize:], castagnoli)) }

func appendTime(b []byte, ms int64) []byte {
	return le.AppendUint16(le.AppendUint32(b, uint32(ms)), uint16(ms>>32))
}

func appendFloat(b []byte, x float32) []byte { return le.AppendUint32(b, math.Float32bits(x)) }

func (f *fix) append(b []byte) []byte {
	b = appendTime(b, f.time)
	b = le.AppendUint32(b, uint32(f.lat))
	b = le.AppendUint32(b, uint32(f.lon))
	b = le.AppendUint16(b, f.sigma)
	return f.motion.append(b)
}

func (m motion) append(b []byte) []byte {
	return le.AppendUint16(le.AppendUint16(b, m.speed), m.course)
}

func (d *device) append(b []byte) []byte {
	for _, x := range [...]float32{d.white, d.slow, d.rough, d.slip[0], d.slip[1], d.lagged, d.turned, d.driven, d.told, d.went, d.compared, d.passed, d.reported} {
		b = appendFloat(b, x)
	}
	return b
}

func (e *estimate) append(b []byte) []byte {
	b = appendTime(append(b, e.good), e.seen)
	if e.good == 0 {
		return b
	}
	b = appendTime(appendTime(append(b, e.run), e.time), e.fixed)
	for _, place := range [...]int32{e.lat, e.lon, e.originLat, e.originLon} {
		b = le.AppendUint32(b, uint32(place))
	}
	b = le.AppendUint16(e.motion.append(b), e.sigma)
	b = appendFloat(b, e.interval)
	b = e.device.append(b)
	for i := range e.kf.X {
		b = appendFloat(b, float32(e.kf.X[i]))
	}
	for i := range e.kf.X {
		for j := i; j < len(e.kf.X); j++ {
			b = appendFloat(b, float32(e.kf.P[i][j]))
		}
	}
	return b
}

// Decode replaces t by the track packed in b, which is not kept. An error wraps argos.ErrEncoding and leaves t the zero
// value.
func (t *Track) Decode(b []byte) error {
	*t = Track{}
	if err := t.decode(b); err != nil {
		*t = Track{}
		return fmt.Errorf("%w: packed track of %d bytes: %w", argos.ErrEncoding, len(b), err)
	}
	return nil
}
