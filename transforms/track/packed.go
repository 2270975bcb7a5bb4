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
//	version 2 | checksum 4 | pos 16 | recv 6 | raw 16 | counts 4 x 5
//	window and pending sizes 1 | verdicts 1 | behind 13
//	anchor estimate (not without a window) | window fixes | pending fixes
//
// with a fix in fixSize bytes and an estimate in estimateSize, or, as long as it has no fix, in emptySize. The live
// estimate is what the window's fixes make of the anchor; the verdicts must be those that come out. The checksum is
// CRC-32C of all that follows it. What is packed is exact: a track and what Decode makes of its bytes go on alike.
const (
	version = 0x06a7 // the second byte counts versions

	timeSize  = 6 // ms since 1970, unsigned
	countSize = 5
	fixSize   = timeSize + 4 + 4 + 2 + 2*2 // time, lat, lon, sigma, motion

	emptySize      = 1 + timeSize // flags, seen
	receiverSize   = 4 + 1 + 2*2 + 7*4
	sampleSize     = timeSize + 4 + 4 + 2*2 + 1 + 2 + 3*2*2 // time, lat, lon, motion, used and n, dt, ways
	standstillSize = timeSize + 4 + 4 + 2 + 7*4
	filterSize     = 6*4 + 6*4                                                                // X, P
	estimateSize   = emptySize + 4 + 4 + 2*2 + 2 + 2*2 + 4 + 2 + 3*timeSize + 2*4 + 4 + 2*1 + // lat to innovation
		receiverSize + sampleSize + standstillSize + 4 + 4 + filterSize

	sealSize = 2 + 4                                                                // version, checksum
	headSize = sealSize + 16 + timeSize + 16 + 4*countSize + 1 + 1 + 1 + 2*timeSize // up to the estimate
	fullSize = headSize + estimateSize + (windowSize+agreeing-1)*fixSize

	maxTime     = 1<<(8*timeSize) - 1  // ms: what the packed form can tell; the year 10,889
	maxCount    = 1<<(8*countSize) - 1 // a thousand fixes a second for thirty years
	minSigma    = 0.1                  // m: a nominal sigma is at least one step of the packed form
	maxSigma    = 6553                 // m: and at most so many; a position by radio cell is that bad
	maxInterval = 24 * 3600.0          // s: parked trailers report daily
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
	b = appendTime(b, t.recv)
	b = le.AppendUint64(b, math.Float64bits(t.raw.Lat))
	b = le.AppendUint64(b, math.Float64bits(t.raw.Lon))
	for _, n := range [...]int64{t.fixes, t.duplicates, t.late, t.rejected} {
		b = append(le.AppendUint32(b, uint32(n)), byte(n>>32))
	}
	var verdicts byte
	for i := range t.n {
		if t.window[i].used {
			verdicts |= 1 << i
		}
	}
	b = append(b, byte(t.n)|byte(t.waiting)<<4, verdicts)
	b = appendTime(appendTime(append(b, t.behind.run), t.behind.time), t.behind.recv)
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

func (v vector) append(b []byte) []byte {
	return le.AppendUint16(le.AppendUint16(b, uint16(v[0])), uint16(v[1]))
}

func appendPlace(b []byte, lat, lon int32) []byte {
	return le.AppendUint32(le.AppendUint32(b, uint32(lat)), uint32(lon))
}

func (d *receiver) append(b []byte) []byte {
	b = d.drift.append(append(appendFloat(b, d.white), d.learned))
	for _, x := range d.numbers() {
		b = appendFloat(b, *x)
	}
	return b
}

// numbers are the receiver's, without those of its noise.
func (d *receiver) numbers() [7]*float32 {
	return [...]*float32{
		&d.slow, &d.lagged, &d.turned, &d.product, &d.told, &d.went, &d.steps,
	}
}

func (s *sample) append(b []byte) []byte {
	b = s.motion.append(appendPlace(appendTime(b, s.time), s.lat, s.lon))
	flags := s.n
	if s.used {
		flags |= 0x80
	}
	b = le.AppendUint16(append(b, flags), s.dt)
	for _, w := range s.ways {
		b = w.append(b)
	}
	return b
}

func (s *standstill) append(b []byte) []byte {
	n := s.n
	if s.told {
		n |= 1 << 15
	}
	b = le.AppendUint16(appendPlace(appendTime(b, s.since), s.lat, s.lon), n)
	for _, x := range s.sums() {
		b = appendFloat(b, *x)
	}
	return b
}

func (s *standstill) sums() [7]*float32 {
	return [...]*float32{&s.t, &s.tt, &s.z[0], &s.z[1], &s.tz[0], &s.tz[1], &s.zz}
}

func (e *estimate) append(b []byte) []byte {
	flags := e.good | e.rejects<<2
	if e.repeats {
		flags |= 1 << 6
	}
	if e.again {
		flags |= 1 << 7
	}
	b = appendTime(append(b, flags), e.seen)
	if e.good == 0 {
		return b
	}
	b = appendPlace(b, e.lat, e.lon)
	b = le.AppendUint16(e.motion.append(b), e.sigma)
	b = le.AppendUint32(e.pace.append(b), e.left)
	b = le.AppendUint16(b, uint16(math.Float32bits(e.interval)>>16))
	b = appendTime(appendTime(appendTime(b, e.time), e.fixed), e.since)
	b = appendFloat(appendFloat(appendFloat(b, e.leap[0]), e.leap[1]), e.agility)
	b = append(b, byte(e.innovation[0]), byte(e.innovation[1]))
	b = e.standstill.append(e.sample.append(e.receiver.append(b)))
	b = appendPlace(b, e.originLat, e.originLon)
	for i := range e.kf.X {
		for _, x := range e.kf.X[i] {
			b = appendFloat(b, float32(x))
		}
	}
	for i := range e.kf.P {
		for j := i; j < len(e.kf.P); j++ {
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
