package argos

import (
	"fmt"
	"math"
)

// Documents is what a part of the log did to the fleet: the newest document of each truck that it touched, and when the
// gateway had taken each of its records in, from which the sink tells how long they were under way.
type Documents struct {
	Part
	Trucks []Truck
	Recvs  []int64 // ms, one a record folded
}

// Append encodes the documents.
func (d *Documents) Append(b []byte) []byte {
	b = d.Part.Append(b)
	b = le.AppendUint32(b, uint32(len(d.Trucks)))
	b = le.AppendUint32(b, uint32(len(d.Recvs)))
	for i := range d.Trucks {
		b = d.Trucks[i].append(b)
	}
	for _, r := range d.Recvs {
		b = le.AppendUint64(b, uint64(r))
	}
	return b
}

// Decode replaces d by the documents in b, reusing its slices but none of b's memory.
func (d *Documents) Decode(b []byte) error {
	var err error
	if d.Part, b, err = DecodePart(b); err != nil {
		return err
	}
	r := reader{b: b}
	trucks, recvs := int(r.u32()), int(r.u32())
	if r.bad || trucks > len(b)/truckFixed || recvs > len(b)/8 {
		return fmt.Errorf(
			"%w: documents claim %d trucks and %d records in %d bytes",
			ErrEncoding,
			trucks,
			recvs,
			len(b),
		)
	}
	d.Trucks, d.Recvs = d.Trucks[:0], d.Recvs[:0]
	for range trucks {
		d.Trucks = append(d.Trucks, r.truck())
	}
	for range recvs {
		d.Recvs = append(d.Recvs, int64(r.u64()))
	}
	if r.bad || len(r.b) != 0 {
		return fmt.Errorf("%w: documents of part %d-%d end in the wrong place", ErrEncoding, d.From, d.To)
	}
	return nil
}

// truckFixed is the size of an encoded truck without its id, attrs and track.
const truckFixed = 8 + 4 + 4 + 8 + 2*8 + 7*8 + 1 + 4*8 + 3*4

func (t *Truck) append(b []byte) []byte {
	b = le.AppendUint64(b, uint64(t.Rev))
	b = le.AppendUint32(b, uint32(t.Pos.Epoch))
	b = le.AppendUint32(b, uint32(t.Pos.Partition))
	b = le.AppendUint64(b, uint64(t.Pos.Next))
	b = le.AppendUint64(b, uint64(t.Time))
	b = le.AppendUint64(b, uint64(t.Recv))
	for _, x := range [...]float64{t.Lat, t.Lon, t.Raw.Lat, t.Raw.Lon, t.Speed, t.Heading, t.Accuracy} {
		b = le.AppendUint64(b, math.Float64bits(x))
	}
	b = append(b, byte(t.Status))
	for _, n := range [...]int64{t.Fixes, t.Duplicates, t.Late, t.Rejected} {
		b = le.AppendUint64(b, uint64(n))
	}
	b = le.AppendUint32(b, uint32(len(t.ID)))
	b = append(b, t.ID...)
	b = le.AppendUint32(b, uint32(len(t.Attrs)))
	b = append(b, t.Attrs...)
	b = le.AppendUint32(b, uint32(len(t.Track)))
	return append(b, t.Track...)
}

// reader takes fields off the head of b; a field that is not there whole sets bad and reads as zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return make([]byte, 8)
	}
	x := r.b[:n]
	r.b = r.b[n:]
	return x
}

func (r *reader) u32() uint32  { return le.Uint32(r.take(4)) }
func (r *reader) u64() uint64  { return le.Uint64(r.take(8)) }
func (r *reader) i64() int64   { return int64(r.u64()) }
func (r *reader) f64() float64 { return math.Float64frombits(r.u64()) }

func (r *reader) bytes() []byte {
	n := int(r.u32())
	if n == 0 || r.bad || n > len(r.b) {
		r.bad = r.bad || n > len(r.b)
		return nil
	}
	return append([]byte(nil), r.take(n)...)
}

func (r *reader) truck() (t Truck) {
	t.Rev = r.i64()
	t.Pos = Pos{Epoch: int32(r.u32()), Partition: int32(r.u32()), Next: r.i64()}
	t.Time, t.Recv = r.i64(), r.i64()
	for _, x := range [...]*float64{&t.Lat, &t.Lon, &t.Raw.Lat, &t.Raw.Lon, &t.Speed, &t.Heading, &t.Accuracy} {
		*x = r.f64()
	}
	t.Status = Status(r.take(1)[0])
	for _, n := range [...]*int64{&t.Fixes, &t.Duplicates, &t.Late, &t.Rejected} {
		*n = r.i64()
	}
	t.ID, t.Attrs, t.Track = string(r.bytes()), r.bytes(), r.bytes()
	return t
}
