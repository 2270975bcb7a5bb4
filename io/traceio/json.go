package traceio

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxValue bounds, in bytes, a piece of a JSON document that is read as a whole: a line of a million positions has half
// of it.
const maxValue = 1 << 26

// document reads a JSON document piece by piece, in bounded memory.
type document struct {
	dec    *json.Decoder
	in     *metered
	most   int      // bytes of a piece
	arrays []string // members of which each element is a piece, if they are arrays
	whole  []string // members that are a piece
	opened bool
	inside bool   // an array of pieces
	within string // the member that it is; empty: it is the document itself
}

func newDocument(in *bufio.Reader, arrays, whole []string) *document {
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" { //nolint:errcheck // then there is none
		in.Discard(3) //nolint:errcheck // it was peeked
	}
	m := &metered{Reader: in}
	return &document{dec: json.NewDecoder(m), in: m, most: maxValue, arrays: arrays, whole: whole}
}

// next returns the next piece, and the member that it is of. Other members are passed over. The piece is nil at the end
// of the document, after which another may follow, as in a file with one a line; io.EOF is the end of the last.
func (d *document) next() (member string, piece json.RawMessage, err error) {
	if !d.opened {
		d.in.left = d.most
		first, err := d.dec.Token()
		if err != nil {
			return "", nil, err
		}
		if first != json.Delim('[') && first != json.Delim('{') {
			return "", nil, errors.New("it is neither an object nor a list")
		}
		d.opened, d.inside, d.within = true, first == json.Delim('['), ""
	}
	for {
		if d.inside {
			if d.more() {
				piece, err = d.decode()
				return d.within, piece, err
			}
			if _, err := d.token(); err != nil {
				return "", nil, err
			}
			if d.inside = false; d.within == "" {
				d.opened = false
				return "", nil, nil
			}
		}
		name, err := d.token()
		if err != nil {
			return "", nil, err
		}
		member, ok := name.(string)
		switch {
		case !ok: // the document's }
			d.opened = false
			return "", nil, nil
		case slices.Contains(d.whole, member):
			piece, err = d.decode()
			return member, piece, err
		}
		value, err := d.token()
		if err != nil {
			return "", nil, err
		}
		if d.inside = value == json.Delim('[') && slices.Contains(d.arrays, member); d.inside {
			d.within = member
		} else if err := d.skip(value); err != nil {
			return "", nil, err
		}
	}
}

// skip passes over the rest of a value, of which the first token is known.
func (d *document) skip(value json.Token) error {
	depth := 0
	for {
		switch value {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if value, err = d.token(); err != nil {
			return err
		}
	}
}

func (d *document) more() bool {
	d.in.left = d.most
	return d.dec.More()
}

func (d *document) token() (json.Token, error) {
	d.in.left = d.most
	t, err := d.dec.Token()
	return t, torn(err)
}

func (d *document) decode() (piece json.RawMessage, err error) {
	d.in.left = d.most
	err = torn(d.dec.Decode(&piece))
	return piece, err
}

// torn tells the end of the file in the document from that of the document.
func torn(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// endOfDocument is what comes of an error of the JSON: the rest of the file can't be understood, which is a last row,
// refused.
func endOfDocument(err error, piece int) (Row, error) {
	var bad *readError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &bad):
		return Row{}, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the file ends in the middle")
	case errors.Is(err, errHuge):
		err = fmt.Errorf("the rest is not read, for one piece has more than %d bytes", maxValue)
	default:
		err = fmt.Errorf("the rest is not read, for this is not JSON: %w", err)
	}
	return Row{line: piece, Err: err}, nil
}

// mismatch says of a JSON text that is not what was expected what is wrong, without Go's words.
func mismatch(err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &kind):
		return err
	case kind.Field == "":
		return fmt.Errorf("it is a %s", kind.Value)
	}
	return fmt.Errorf("%s is a %s", kind.Field, kind.Value)
}
