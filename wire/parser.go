// Package wire is the JSON of a fix: what a device sends (Parser.Frame, AppendFix), and what the log keeps of it
// (Parser.Record, AppendRecord).
//
// It is strict where JSON parsers are kind: a field that it does not know, a field that comes twice, a number that
// JSON does not allow, a text where a number belongs are each refused with one sentence that names the field and wraps
// argos.ErrBadFix. A quantity that says "unknown", as null or by a value that cannot be meant (speed -1), costs
// nothing but itself: it is left out, and the position kept. What it accepts it writes anew, so nothing of a sender's
// text but its meaning reaches the log.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/valyala/fastjson"

	"argos"
)

// ErrNotJSON is what Frame's own error wraps, besides argos.ErrBadFix: none of the frame could be understood.
var ErrNotJSON = errors.New("not JSON")

// MaxFixes bounds a frame: a refusal is far longer than the least that can be refused.
const MaxFixes = 10_000

// Parser reads fixes and records. It reuses its memory from call to call, so it belongs to one goroutine at a time; the
// zero value is ready.
type Parser struct {
	json fastjson.Parser
	here *fastjson.Value // what the caller's each is being told about
	rec  argos.Record

	known, required, seen field
	err                   error

	token []byte // the text of one value
	attrs attrs
	text  []byte // canonical attrs of the fix at hand
	visit func(key []byte, v *fastjson.Value)
}

// Frame reads one fix or an array of fixes. It calls each once a fix, in order: with the fix, which has passed its
// Check, or with the error that refuses it and a fix that holds no more than the truck's name, if that could be read.
// What each is given is valid during the call only. An error of Frame itself means that the frame as a whole is
// neither; each was then not called.
func (p *Parser) Frame(b []byte, each func(f *argos.Fix, err error)) error {
	v, err := p.json.ParseBytes(b)
	if err != nil {
		return fmt.Errorf("%w: the frame is %w: %s", argos.ErrBadFix, ErrNotJSON, syntaxError(b))
	}
	p.known, p.required = fixFields, fixRequired
	switch v.Type() {
	case fastjson.TypeObject:
		p.element(v, each)
	case fastjson.TypeArray:
		all := v.GetArray()
		if len(all) > MaxFixes {
			return fmt.Errorf("%w: the frame has %d elements, at most %d are read", argos.ErrBadFix, len(all), MaxFixes)
		}
		for _, e := range all {
			p.element(e, each)
		}
	default:
		return fmt.Errorf("%w: the frame is a %s, not an object or an array of objects", argos.ErrBadFix, kind(v))
	}
	p.here = nil
	return nil
}

func (p *Parser) element(v *fastjson.Value, each func(f *argos.Fix, err error)) {
	p.here = v
	err := p.object(v)
	each(&p.rec.Fix, err)
}

// AppendElement adds, during a call of Frame's each, the JSON text of the element that the call is about.
func (p *Parser) AppendElement(dst []byte) []byte { return p.here.MarshalTo(dst) }

// Record reads a record's value, as AppendRecord wrote it, into dst. The record has passed its fix's Check, and shares
// no memory with value or the parser; its TruckID is the string that dst had, if that is equal.
func (p *Parser) Record(value []byte, dst *argos.Record) error {
	v, err := p.json.ParseBytes(value)
	if err != nil {
		return fmt.Errorf("%w: the record is %w: %s", argos.ErrBadFix, ErrNotJSON, syntaxError(value))
	}
	p.rec.TruckID = dst.TruckID
	p.known, p.required = recordFields, recordRequired
	if err := p.object(v); err != nil {
		return err
	}
	*dst = p.rec
	if p.rec.Attrs != nil {
		dst.Attrs = append(make([]byte, 0, len(p.rec.Attrs)), p.rec.Attrs...)
	}
	return nil
}

// object reads a fix, or a record, into p.rec.
func (p *Parser) object(v *fastjson.Value) error {
	last := p.rec.TruckID // most often the next fix is of the same truck: then the string is used again
	p.rec = argos.Record{Fix: argos.NewFix(last, 0, math.NaN(), math.NaN())}
	p.seen, p.err = 0, nil
	o, err := v.Object()
	if err != nil {
		p.rec.TruckID = ""
		return fmt.Errorf("%w: the element is a %s, not an object", argos.ErrBadFix, kind(v))
	}
	if p.visit == nil {
		p.visit = p.member
	}
	o.Visit(p.visit)
	if p.seen&fieldTruckID == 0 {
		p.rec.TruckID = ""
	}
	if p.err == nil {
		p.err = p.missing()
	}
	if p.err == nil {
		p.rec.ForgetUnknown()
		p.err = p.rec.Check()
	}
	return p.err
}

// syntaxError says what is wrong with a text that was refused, in the words of the standard library's parser.
func syntaxError(b []byte) string {
	var s *json.SyntaxError
	var text json.RawMessage
	if errors.As(json.Unmarshal(b, &text), &s) {
		return fmt.Sprintf("%v at byte %d", s, s.Offset)
	}
	return "it is nested too deeply" // the one thing that fastjson refuses and encoding/json does not
}

func kind(v *fastjson.Value) string {
	switch t := v.Type(); t {
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return "boolean"
	default:
		return t.String()
	}
}
