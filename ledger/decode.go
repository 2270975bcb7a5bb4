package ledger

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/valyala/fastjson"
)

// errOld says that a line is of the form that ledgers had before their lines had numbers and places.
var errOld = errors.New(
	"it has no line, lat and lon: an older argos wrote it, so let the senders begin another ledger",
)

// decoder reuses memory from line to line.
type decoder struct {
	parser fastjson.Parser
	number []byte
	run    string // the last line's: one run writes many lines
}

func (d *decoder) entry(line []byte) (Entry, error) {
	v, err := d.parser.ParseBytes(line)
	if err != nil {
		return Entry{}, fmt.Errorf("not JSON: %w", err)
	}
	o, err := v.Object()
	if err != nil {
		return Entry{}, fmt.Errorf("not an object: %w", err)
	}
	if o.Len() == 5 && o.Get("line") == nil && o.Get("lat") == nil && o.Get("outcome") != nil {
		return Entry{}, errOld
	}
	if o.Len() != 8 {
		return Entry{}, fmt.Errorf("%d fields, want run, line, truck_id, seq, ts, lat, lon, outcome", o.Len())
	}
	var bad error
	field := func(name string) *fastjson.Value {
		v := o.Get(name)
		if v == nil && bad == nil {
			bad = fmt.Errorf("%s is missing", name)
		}
		return v
	}
	text := func(name string) []byte {
		v := field(name)
		if bad != nil {
			return nil
		}
		b, err := v.StringBytes()
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
		}
		return b
	}
	number := func(name string) int64 {
		v := field(name)
		if bad != nil {
			return 0
		}
		n, err := v.Int64()
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
		}
		return n
	}
	degrees := func(name string) float64 {
		v := field(name)
		if bad != nil || v.Type() == fastjson.TypeNull {
			return math.NaN()
		}
		if v.Type() != fastjson.TypeNumber {
			bad = fmt.Errorf("%s is not a number", name)
			return math.NaN()
		}
		d.number = v.MarshalTo(d.number[:0])
		x, err := strconv.ParseFloat(string(d.number), 64) // fastjson's own is off by a bit
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
		}
		return x
	}
	if run := text("run"); string(run) != d.run {
		d.run = string(run)
	}
	e := Entry{
		Run: d.run, Line: number("line"), TruckID: string(text("truck_id")),
		Seq: number("seq"), TS: number("ts"), Lat: degrees("lat"), Lon: degrees("lon"),
	}
	switch outcome := string(text("outcome")); {
	case bad != nil:
		return Entry{}, bad
	case outcome == string(Acked):
		e.Outcome = Acked
	case outcome == string(Refused):
		e.Outcome = Refused
	case outcome == string(Unknown):
		e.Outcome = Unknown
	default:
		return Entry{}, fmt.Errorf("outcome %q is not acked, refused or unknown", outcome)
	}
	return e, nil
}
