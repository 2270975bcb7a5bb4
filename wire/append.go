package wire

import (
	"math"
	"strconv"

	"argos"
)

// Version is the schema version of the records that AppendRecord writes: the field `v`.
const Version = 1

// AppendFix adds the JSON object of a fix, as a device sends it, to dst. The fix must have passed its Check: a number that
// JSON cannot say is left out as if it had not been reported.
func AppendFix(dst []byte, f *argos.Fix) []byte {
	return append(appendFields(append(dst, '{'), f), '}')
}

// AppendRecord adds the canonical JSON of a record to dst: equal records give equal bytes, and Parser.Record gives back
// each number bit by bit.
func AppendRecord(dst []byte, r *argos.Record) []byte {
	dst = append(dst, `{"v":`...)
	dst = strconv.AppendInt(dst, Version, 10)
	dst = append(dst, `,"recv":`...)
	dst = strconv.AppendInt(dst, r.Recv, 10)
	if r.Recorded {
		dst = append(dst, `,"recorded":true`...)
	}
	return append(appendFields(append(dst, ','), &r.Fix), '}')
}

func appendFields(dst []byte, f *argos.Fix) []byte {
	dst = append(dst, `"truck_id":`...)
	dst = appendString(dst, f.TruckID)
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendInt(dst, f.Time, 10)
	dst = appendNumber(dst, `,"lat":`, f.Lat)
	dst = appendNumber(dst, `,"lon":`, f.Lon)
	dst = appendNumber(dst, `,"speed":`, f.Speed)
	dst = appendNumber(dst, `,"heading":`, f.Heading)
	dst = appendNumber(dst, `,"accuracy":`, f.Accuracy)
	dst = appendNumber(dst, `,"hdop":`, f.HDOP)
	dst = appendNumber(dst, `,"alt":`, f.Alt)
	if !f.Valid {
		dst = append(dst, `,"valid":false`...)
	}
	if f.Seq >= 0 {
		dst = append(dst, `,"seq":`...)
		dst = strconv.AppendInt(dst, f.Seq, 10)
	}
	if f.Attrs != nil {
		dst = append(dst, `,"attrs":`...)
		dst = append(dst, f.Attrs...)
	}
	return dst
}

// appendNumber writes the shortest decimal that parses back to the same bits, without an exponent where people write none.
func appendNumber(dst []byte, name string, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return dst
	}
	format := byte('f')
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(append(dst, name...), x, format, -1, 64)
}
