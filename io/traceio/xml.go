package traceio

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
)

const (
	maxElement = 1 << 22 // bytes of an element that is a row, or between two of XML's tokens
	maxDepth   = 200     // elements within one another
)

// xmlReader reads XML element by element, in bounded memory. Entities are those of XML alone, for encoding/xml knows no
// others.
type xmlReader struct {
	*xml.Decoder
	in   *metered
	open []string // the elements that are open
}

func newXML(in *bufio.Reader) *xmlReader {
	m := &metered{Reader: in}
	d := xml.NewDecoder(m)
	d.CharsetReader = charset.NewReaderLabel
	return &xmlReader{Decoder: d, in: m}
}

// metered fails when more is read than was allowed.
type metered struct {
	*bufio.Reader
	left int
}

var errHuge = fmt.Errorf("the rest is not read, for one element has more than %d bytes", maxElement)

func (m *metered) ReadByte() (byte, error) {
	if m.left--; m.left < 0 {
		return 0, errHuge
	}
	return m.Reader.ReadByte()
}

func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errHuge
	}
	n, err := m.Reader.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// start returns the next element that starts.
func (x *xmlReader) start() (xml.StartElement, error) {
	for {
		x.in.left = maxElement
		token, err := x.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(x.open) >= maxDepth {
				return t, fmt.Errorf("the rest is not read, for %d elements are within one another", maxDepth)
			}
			x.open = append(x.open, t.Name.Local)
			x.in.left = maxElement
			return t, nil
		case xml.EndElement:
			x.open = x.open[:max(len(x.open)-1, 0)]
		}
	}
}

// decode reads the element that has just started to its end.
func (x *xmlReader) decode(v any, start *xml.StartElement) error {
	x.open = x.open[:len(x.open)-1]
	return x.DecodeElement(v, start)
}

// parent is the name of the element that holds the one which has just started.
func (x *xmlReader) parent() string {
	if len(x.open) < 2 {
		return ""
	}
	return x.open[len(x.open)-2]
}

// end is what comes of an error of the XML: the rest of the file can't be understood, which is a last row, refused.
func (x *xmlReader) end(err error) (Row, error) {
	if errors.Is(err, io.EOF) {
		return Row{}, err
	}
	var bad *readError
	if errors.As(err, &bad) {
		return Row{}, err
	}
	line, _ := x.InputPos()
	var syntax *xml.SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return Row{line: line, Err: err}, nil
	case syntax.Msg == "unexpected EOF":
		return Row{line: syntax.Line, Err: errors.New("the file ends in the middle")}, nil
	}
	return Row{line: syntax.Line, Err: fmt.Errorf("the rest is not read, for this is not XML: %s", syntax.Msg)}, nil
}

// inside calls each with the elements of a piece of XML that hold nothing but text.
func inside(piece []byte, each func(name, text string)) {
	d := xml.NewDecoder(bytes.NewReader(piece))
	d.Strict = false
	var name, text string
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch x := token.(type) {
		case xml.StartElement:
			name, text = strings.ToLower(x.Name.Local), ""
		case xml.CharData:
			text += string(x)
		case xml.EndElement:
			if name != "" {
				each(name, text)
			}
			name = ""
		}
	}
}
