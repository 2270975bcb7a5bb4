package traceio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"argos"
)

// points is a GPX file, 1.0 or 1.1: its track points are the rows, in the order of the file. Speed and course, which
// GPX 1.1 has no place for, are taken from a point's extensions too.
type points struct {
	xml    *xmlReader
	tracks []string // the names of their segments
	begun  bool     // the last of them has its segment
	err    error    // no more can be read
}

func newPoints(in *bufio.Reader) *points { return &points{xml: newXML(in), tracks: []string{""}} }

func (p *points) trackNames() []string { return p.tracks }

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
		start, err := p.xml.start()
		if err != nil {
			p.err = io.EOF
			return p.xml.end(err)
		}
		switch start.Name.Local {
		case "trk":
			p.tracks, p.begun = append(p.tracks, ""), false
		case "trkseg":
			if p.begun { // segments of the same hours are of two trucks, as tracks are
				p.tracks = append(p.tracks, p.tracks[len(p.tracks)-1])
			}
			p.begun = true
		case "name":
			if p.xml.parent() == "trk" {
				err = p.xml.decode(&p.tracks[len(p.tracks)-1], &start)
			}
		case "trkpt":
			line, _ := p.xml.InputPos()
			var pt point
			if err = p.xml.decode(&pt, &start); err == nil {
				r := pt.row()
				r.line, r.track = line, len(p.tracks)-1
				return r, nil
			}
		}
		if err != nil {
			p.err = io.EOF
			return p.xml.end(err)
		}
	}
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
		x, err := number(decimalPoint(s))
		if err != nil {
			fail(what, err)
		}
		return x
	}
	var at int64
	if s := strings.TrimSpace(pt.Time); s == "" {
		fail("the point", errors.New("has no time"))
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
	f.Speed, f.Heading = read("speed", speed, false), read("course", course, false)
	f.Accuracy = read("accuracy", accuracy, false)
	f.Valid = strings.TrimSpace(pt.Fix) != "none"
	r.Fix = f
	return r
}

// decimalPoint puts a point for the comma of a number that has one comma and no point: where each number stands alone,
// a comma can mean nothing else.
func decimalPoint(s string) string {
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		return strings.Replace(s, ",", ".", 1)
	}
	return s
}
