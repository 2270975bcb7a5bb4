package wire

import (
	"fmt"
	"math/bits"

	"github.com/valyala/fastjson"

	"argos"
)

// field is a set of fields.
type field uint16

const (
	fieldTruckID field = 1 << iota
	fieldTime
	fieldLat
	fieldLon
	fieldSpeed
	fieldHeading
	fieldAccuracy
	fieldHDOP
	fieldAlt
	fieldValid
	fieldSeq
	fieldAttrs
	fieldVersion
	fieldRecv
	fieldRecorded

	fixRequired    = fieldTruckID | fieldTime | fieldLat | fieldLon
	recordRequired = fixRequired | fieldVersion | fieldRecv
	// nullable are those of which null says that they are not known, as their absence does.
	nullable     = fieldSpeed | fieldHeading | fieldAccuracy | fieldHDOP | fieldAlt | fieldValid | fieldSeq | fieldAttrs
	recordFields = fieldRecorded<<1 - 1
	fixFields    = fieldVersion - 1
)

// names are those of the fields by bit.
var names = [...]string{
	"truck_id", "ts", "lat", "lon", "speed", "heading", "accuracy", "hdop", "alt", "valid", "seq", "attrs", "v", "recv", "recorded",
}

// fieldOf is a switch, not a map: it is asked ten times a fix.
func fieldOf(name string) field {
	switch name {
	case "truck_id":
		return fieldTruckID
	case "ts":
		return fieldTime
	case "lat":
		return fieldLat
	case "lon":
		return fieldLon
	case "speed":
		return fieldSpeed
	case "heading":
		return fieldHeading
	case "accuracy":
		return fieldAccuracy
	case "hdop":
		return fieldHDOP
	case "alt":
		return fieldAlt
	case "valid":
		return fieldValid
	case "seq":
		return fieldSeq
	case "attrs":
		return fieldAttrs
	case "v":
		return fieldVersion
	case "recv":
		return fieldRecv
	case "recorded":
		return fieldRecorded
	}
	return 0
}

// missing says which required field was not among those seen.
func (p *Parser) missing() error {
	if lacks := p.required &^ p.seen; lacks != 0 {
		return fmt.Errorf("%w: %s is missing", argos.ErrBadFix, lacks)
	}
	return nil
}

// String is the name of the lowest field of the set.
func (f field) String() string { return names[bits.TrailingZeros16(uint16(f))] }

// member takes one field of the object into p.rec; after the first error it only looks for the truck's name, so that a
// dead letter can be filed under it.
func (p *Parser) member(key []byte, v *fastjson.Value) {
	f := fieldOf(string(key)) & p.known
	switch {
	case p.err != nil && f != fieldTruckID:
	case f == 0:
		p.fail("unknown field %s", short(key))
	case p.seen&f != 0:
		p.fail("%s comes twice", f)
	default:
		p.seen |= f
		if f&nullable == 0 || v.Type() != fastjson.TypeNull {
			p.set(f, v)
		}
	}
}

// fail keeps the first error.
func (p *Parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: "+format, append([]any{argos.ErrBadFix}, args...)...)
	}
}

func (p *Parser) set(f field, v *fastjson.Value) {
	r := &p.rec
	switch f {
	case fieldTruckID:
		p.truckID(v)
	case fieldTime:
		r.Time = p.time(v)
	case fieldLat:
		r.Lat = p.number(f, v)
	case fieldLon:
		r.Lon = p.number(f, v)
	case fieldSpeed:
		r.Speed = p.number(f, v)
	case fieldHeading:
		r.Heading = p.number(f, v)
	case fieldAccuracy:
		r.Accuracy = p.number(f, v)
	case fieldHDOP:
		r.HDOP = p.number(f, v)
	case fieldAlt:
		r.Alt = p.number(f, v)
	case fieldValid:
		r.Valid = p.boolean(f, v)
	case fieldSeq:
		if r.Seq = p.integer(f, v); r.Seq < 0 {
			p.fail("seq %d is negative", r.Seq)
		}
	case fieldAttrs:
		r.Attrs = p.attributes(v)
	case fieldVersion:
		if x := p.integer(f, v); x != Version {
			p.fail("v %d is not a schema version that is known here: %d is", x, Version)
		}
	case fieldRecv:
		r.Recv = p.integer(f, v)
	case fieldRecorded:
		r.Recorded = p.boolean(f, v)
	}
}
