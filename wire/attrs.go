package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"argos"
)

// escapes is how much longer JSON text can be than its canonical form: \u0061 for a.
const escapes = 6

// attrs are the members of an `attrs` object, each in canonical form and in the order of the text.
type attrs struct {
	buf     []byte
	members []member
}

// member is one "key":value of the object: where it lies in the buffer, and where in it its key ends.
type member struct{ from, key, to int }

func (a *attrs) reset() { a.buf, a.members = a.buf[:0], a.members[:0] }

// add takes a name as it was unescaped and a value as it was written; both are known to be valid JSON and UTF-8.
func (a *attrs) add(key string, value []byte) error {
	m := member{from: len(a.buf)}
	a.buf = appendString(a.buf, key)
	m.key = len(a.buf)
	a.buf = append(a.buf, ':')
	switch value[0] {
	case '{', '[':
		return fmt.Errorf("%w: attrs has an object or array under %s; it must be flat", argos.ErrBadFix, short(key))
	case '"':
		a.buf = appendCanonical(a.buf, value)
	default:
		a.buf = append(a.buf, value...) // a number keeps its text: it is opaque, and no digit of it may get lost
	}
	m.to = len(a.buf)
	a.members = append(a.members, m)
	return nil
}

// appendTo adds the canonical object: no space, sorted by name, each name once.
func (a *attrs) appendTo(dst []byte) ([]byte, error) {
	slices.SortFunc(a.members, func(x, y member) int { return bytes.Compare(a.buf[x.from:x.key], a.buf[y.from:y.key]) })
	dst = append(dst, '{')
	for i, m := range a.members {
		if i > 0 {
			if before := a.members[i-1]; bytes.Equal(a.buf[before.from:before.key], a.buf[m.from:m.key]) {
				return nil, fmt.Errorf("%w: attrs has %s twice", argos.ErrBadFix, a.buf[m.from:m.key])
			}
			dst = append(dst, ',')
		}
		dst = append(dst, a.buf[m.from:m.to]...)
	}
	return append(dst, '}'), nil
}

// appendCanonical adds a valid JSON string in canonical form: as it is when nothing in it can be written in two ways.
func appendCanonical(dst, raw []byte) []byte {
	if plain(raw[1 : len(raw)-1]) {
		return append(dst, raw...)
	}
	var s string
	_ = json.Unmarshal(raw, &s) // cannot fail: attrs was found to be valid JSON
	return appendString(dst, s)
}

func appendString(dst []byte, s string) []byte {
	if plain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte{'\n'})...)
}

// plain says that a JSON string holds printable ASCII alone and needs no escape.
func plain[S ~string | ~[]byte](s S) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
