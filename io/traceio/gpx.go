package traceio

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"argos"
)

// points is a GPX file, 1.0 or 1.1: its track points are the rows, in the order of the file, whatever track and segment
// they are of. Speed and course, which GPX 1.1 has no place for, are taken from a point's extensions too.
type points struct {
	xml *xml.Decoder
	err error // no more can be read
}

func newPoints(in *bufio.Reader) *points {
	d := xml.NewDecoder(in)
	d.CharsetReader = charset.NewReaderLabel
	return &points{xml: d}
}

// point is a trkpt. Numbers stay texts here, so that a bad one refuses its point and not the file.
type point struct {
	Lat        string `xml:"lat,attr"`
	Lon        string `xml:"lon,attr"`
	Ele        string `xml:"ele"`
	Time       string `xml:"time"`
	Fix        string `xml:"fix"`
	HDOP       string `xml:"hdop"`
	Speed      string `xml:"speed"`  // GPX 1.0
	Course     string `xml:"course"` // GPX 1.0
	Extensions struct {
		XML []byte `xml:",innerxml"`
	} `xml:"extensions"`
}

func (p *points) row() (Row, error) {
	if p.err != nil {
		return Row{}, p.err
	}
	for {
		token, err := p.xml.Token()
		if err != nil {
			return p.end(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "trkpt" {
			continue
		}
		line, _ := p.xml.InputPos()
		var pt point
		if err := p.xml.DecodeElement(&pt, &start); err != nil {
			return p.end(err)
		}
		r := pt.row()
		r.line = line
		return r, nil
	}
}

// end is what comes of an error of the XML: the rest of the file can't be understood, which is a last row, refused.
func (p *points) end(err error) (Row, error) {
	p.err = io.EOF
	if errors.Is(err, io.EOF) {
		return Row{}, err
	}
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		var bad *readError
		if errors.As(err, &bad) {
			return Row{}, err
		}
		line, _ := p.xml.InputPos()
		return Row{line: line, Err: err}, nil
	}
	if syntax.Msg == "unexpected EOF" {
		return Row{line: syntax.Line, Err: errors.New("the file ends in the middle")}, nil
	}
	return Row{line: syntax.Line, Err: fmt.Errorf("the rest is not read, for this is not XML: %s", syntax.Msg)}, nil
}

func (pt *point) row() (r Row) {
	fail := func(what string, err error) {
		if r.Err == nil {
			r.Err = fmt.Errorf("%s %w", what, err)
		}
	}
	read := func(what, s string, required bool) float64 {
		s = strings.TrimSpace(s)
		if s == "" && required {
			fail(what, errors.New("is blank"))
		}
		x, err := number(s)
		if err != nil {
			fail(what, err)
		}
		return x
	}
	var at int64
	if s := strings.TrimSpace(pt.Time); s == "" {
		fail("time", errors.New("is blank"))
	} else if ms, err := instant(s, 0, time.UTC); err != nil {
		fail("time", err)
	} else {
		at, r.TMs = ms, strconv.FormatInt(ms, 10)
	}
	speed, course, accuracy := pt.Speed, pt.Course, ""
	inside(pt.Extensions.XML, func(name, text string) {
		switch name {
		case "speed":
			speed = text
		case "course", "bearing":
			course = text
		case "accuracy":
			accuracy = text
		}
	})
	f := argos.NewFix("", at, read("lat", pt.Lat, true), read("lon", pt.Lon, true))
	f.Alt, f.HDOP = read("ele", pt.Ele, false), read("hdop", pt.HDOP, false)
	f.Speed, f.Heading, f.Accuracy = read("speed", speed, false), read("course", course, false), read("accuracy", accuracy, false)
	f.Valid = strings.TrimSpace(pt.Fix) != "none"
	r.Fix = f
	return r
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
