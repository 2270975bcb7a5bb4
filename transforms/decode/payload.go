package decode

import (
	"encoding/binary"
	"fmt"
	"math"

	"argos"
)

// A payload is what a part of a poll carries to its shard: the part, the truck ids that occur in it, each once, and the
// records in log order, each naming its truck by number. A quantity that was not reported takes no bytes.
//
//	part | u32 trucks | u32 records | trucks x (u8 length, id) | records x (u32 truck, i64 offset, i64 recv, i64 time,
//	f64 lat, f64 lon, i64 seq, u8 flags, [f64] x 5, [u16 length, attrs])

var le = binary.LittleEndian

// The flags of a record. Those from hasSpeed on say that a quantity is there, in the order of optional.
const (
	isValid = 1 << iota
	isRecorded
	hasAttrs
	hasSpeed
)

const (
	recordFixed = 4 + 6*8 + 1
	counts      = argos.PartSize + 8
)

// optional are the quantities that a truck may leave out.
func optional(f *argos.Fix) [5]*float64 {
	return [5]*float64{&f.Speed, &f.Heading, &f.Accuracy, &f.HDOP, &f.Alt}
}

// Writer gathers the records of one part.
type Writer struct {
	trucks, records uint32
	ids, recs       []byte
}

// Truck adds a truck id, which must not be there yet, and returns its number.
func (w *Writer) Truck(id string) uint32 {
	w.ids = append(w.ids, byte(len(id)))
	w.ids = append(w.ids, id...)
	w.trucks++
	return w.trucks - 1
}

// Add adds a record of a truck that Truck has numbered.
func (w *Writer) Add(truck uint32, offset int64, r *argos.Record) {
	w.records++
	b := le.AppendUint32(w.recs, truck)
	for _, n := range [...]int64{offset, r.Recv, r.Time} {
		b = le.AppendUint64(b, uint64(n))
	}
	b = le.AppendUint64(b, math.Float64bits(r.Lat))
	b = le.AppendUint64(b, math.Float64bits(r.Lon))
	b = le.AppendUint64(b, uint64(r.Seq))
	flags := len(b)
	b = append(b, 0)
	if r.Valid {
		b[flags] |= isValid
	}
	if r.Recorded {
		b[flags] |= isRecorded
	}
	for i, q := range optional(&r.Fix) {
		if !math.IsNaN(*q) {
			b[flags] |= hasSpeed << i
			b = le.AppendUint64(b, math.Float64bits(*q))
		}
	}
	if r.Attrs != nil {
		b[flags] |= hasAttrs
		b = le.AppendUint16(b, uint16(len(r.Attrs)))
		b = append(b, r.Attrs...)
	}
	w.recs = b
}

// Append encodes the part and what was added, and empties the writer for the next part.
func (w *Writer) Append(b []byte, p argos.Part) []byte {
	b = p.Append(b)
	b = le.AppendUint32(b, w.trucks)
	b = le.AppendUint32(b, w.records)
	b = append(b, w.ids...)
	b = append(b, w.recs...)
	w.trucks, w.records, w.ids, w.recs = 0, 0, w.ids[:0], w.recs[:0]
	return b
}

// Reader reads a payload. Its zero value is ready; Decode may be called again and again.
type Reader struct {
	argos.Part
	IDs  []string // the trucks, by number
	left uint32
	recs []byte
}

// Decode reads the part and its trucks. Next then returns the records, which share b's memory.
func (r *Reader) Decode(b []byte) error {
	p, _, err := argos.DecodePart(b)
	if err != nil {
		return err
	}
	if len(b) < counts {
		return fmt.Errorf("%w: a payload of %d bytes", argos.ErrEncoding, len(b))
	}
	trucks := int(le.Uint32(b[argos.PartSize:]))
	r.Part, r.IDs, r.left = p, r.IDs[:0], le.Uint32(b[argos.PartSize+4:])
	if trucks > len(b) {
		return fmt.Errorf("%w: a payload of %d bytes claims %d trucks", argos.ErrEncoding, len(b), trucks)
	}
	end := counts
	for range trucks {
		if end >= len(b) || end+1+int(b[end]) > len(b) {
			return fmt.Errorf("%w: a payload ends among its truck ids", argos.ErrEncoding)
		}
		end += 1 + int(b[end])
	}
	table := string(b[counts:end]) // one allocation for all ids
	for len(table) > 0 {
		n := 1 + int(table[0])
		r.IDs = append(r.IDs, table[1:n])
		table = table[n:]
	}
	r.recs = b[end:]
	return nil
}

// Records is how many records are left to read.
func (r *Reader) Records() int { return int(r.left) }

// Next reads the next record into dst and returns the number of its truck and its offset; after the last it returns
// more = false.
func (r *Reader) Next(dst *argos.Record) (truck int, offset int64, more bool, err error) {
	b := r.recs
	if r.left == 0 {
		if len(b) != 0 {
			return 0, 0, false, fmt.Errorf("%w: %d bytes after the last record of a payload", argos.ErrEncoding, len(b))
		}
		return 0, 0, false, nil
	}
	if len(b) < recordFixed || le.Uint32(b) >= uint32(len(r.IDs)) {
		return 0, 0, false, fmt.Errorf("%w: a payload's record is cut off or names no truck", argos.ErrEncoding)
	}
	truck, offset = int(le.Uint32(b)), int64(le.Uint64(b[4:]))
	dst.TruckID = r.IDs[truck]
	dst.Recv, dst.Time = int64(le.Uint64(b[12:])), int64(le.Uint64(b[20:]))
	dst.Lat, dst.Lon = math.Float64frombits(le.Uint64(b[28:])), math.Float64frombits(le.Uint64(b[36:]))
	dst.Seq = int64(le.Uint64(b[44:]))
	flags := b[52]
	dst.Valid, dst.Recorded, dst.Attrs = flags&isValid != 0, flags&isRecorded != 0, nil
	b = b[recordFixed:]
	for i, q := range optional(&dst.Fix) {
		if flags&(hasSpeed<<i) == 0 {
			*q = math.NaN()
			continue
		}
		if len(b) < 8 {
			return 0, 0, false, fmt.Errorf("%w: a payload's record is cut off", argos.ErrEncoding)
		}
		*q = math.Float64frombits(le.Uint64(b))
		b = b[8:]
	}
	if flags&hasAttrs != 0 {
		if len(b) < 2 || len(b) < 2+int(le.Uint16(b)) {
			return 0, 0, false, fmt.Errorf("%w: a payload's attrs are cut off", argos.ErrEncoding)
		}
		n := 2 + int(le.Uint16(b))
		dst.Attrs = b[2:n:n]
		b = b[n:]
	}
	r.recs = b
	r.left--
	return truck, offset, true, nil
}
