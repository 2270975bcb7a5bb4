package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"argos"
)

// raw is a value as it was written, valid until the next call. fastjson's own number parsers round wrongly in the last
// bit and accept what JSON does not (01, 1.2.3, NaN), so numbers are read from their text.
func (p *Parser) raw(v *fastjson.Value) []byte {
	p.token = v.MarshalTo(p.token[:0])
	return p.token
}

func (p *Parser) truckID(v *fastjson.Value) {
	if v.Type() != fastjson.TypeString {
		p.fail("truck_id is a %s, not a string", kind(v))
		p.seen &^= fieldTruckID
		return
	}
	if id := v.GetStringBytes(); string(id) != p.rec.TruckID { // most often the next fix is of the same truck
		p.rec.TruckID = string(id)
	}
	if err := argos.CheckTruckID(p.rec.TruckID); err != nil {
		p.seen &^= fieldTruckID
		if p.err == nil {
			p.err = err
		}
	}
}

func (p *Parser) number(f field, v *fastjson.Value) float64 {
	b := p.raw(v)
	if x, ok := shortDecimal(b); ok {
		return x
	}
	if !isNumber(b) {
		p.fail("%s %s is not a number", f, short(b))
		return math.NaN()
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		p.fail("%s %s is too large a number", f, short(b))
	}
	return x
}

func (p *Parser) integer(f field, v *fastjson.Value) int64 {
	b := p.raw(v)
	x, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || !isNumber(b) {
		p.fail("%s %s is not an integer", f, short(b))
	}
	return x
}

func (p *Parser) boolean(f field, v *fastjson.Value) bool {
	x, err := v.Bool()
	if err != nil {
		p.fail("%s %s is neither true nor false", f, short(p.raw(v)))
	}
	return x
}

// time reads ms since the Unix epoch, or an RFC 3339 text.
func (p *Parser) time(v *fastjson.Value) int64 {
	if v.Type() != fastjson.TypeString {
		return p.integer(fieldTime, v)
	}
	b := v.GetStringBytes()
	t, err := time.Parse(time.RFC3339Nano, string(b))
	// time.Parse takes hours of one digit and decimal commas, which RFC 3339 does not.
	if err != nil || b[13] != ':' || bytes.IndexByte(b, ',') >= 0 {
		p.fail("ts %s is neither ms since 1970 nor an RFC 3339 time", short(b))
		return 0
	}
	return t.UnixMilli()
}

func (p *Parser) attributes(v *fastjson.Value) []byte {
	o, err := v.Object()
	if err != nil {
		p.fail("attrs is a %s, not an object", kind(v))
		return nil
	}
	switch b := p.raw(v); {
	case len(b) > escapes*argos.MaxAttrs:
		p.fail("attrs has %d bytes, at most %d are kept", len(b), argos.MaxAttrs)
		return nil
	case !json.Valid(b):
		p.fail("attrs is not JSON: %s", syntaxError(b))
		return nil
	case !utf8.Valid(b):
		p.fail("attrs is not UTF-8")
		return nil
	}
	p.attrs.reset()
	o.Visit(func(key []byte, v *fastjson.Value) {
		if p.err == nil {
			p.err = p.attrs.add(string(key), p.raw(v))
		}
	})
	if p.err == nil {
		p.text, p.err = p.attrs.appendTo(p.text[:0])
	}
	return p.text
}

// short quotes a sender's text for an error: bounded, printable.
func short[S ~string | ~[]byte](s S) string {
	const most = 40
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", s[:cut])
}
