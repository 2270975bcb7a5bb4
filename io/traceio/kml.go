package traceio

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// placemarks is a KML file: each gx:Track is a list of times (when) and one of places (gx:coord: longitude, latitude,
// altitude), of which those of one number are a row; so is a Placemark that has a time and a point. A Placemark is a
// track.
type placemarks struct {
	xml    *xmlReader
	tracks []string // their names
	times  []when   // of the gx:Track at hand, as far as they have no place yet
	places []coord  // and those that have no time yet
	lists  int      // gx:Tracks of the Placemark at hand
	ready  []Row
	err    error // no more can be read
}

var errMoreTimes = errors.New(
	"is a time too many: the track has fewer places than times, so those before it may be of other times",
)

type when struct {
	text string
	line int
}

type coord struct {
	text string
	line int
}

func newPlacemarks(in *bufio.Reader) *placemarks {
	return &placemarks{xml: newXML(in), tracks: []string{""}}
}

func (p *placemarks) trackNames() []string { return p.tracks }

func (p *placemarks) row() (Row, error) {
	for len(p.ready) == 0 {
		if p.err != nil {
			return Row{}, p.err
		}
		if err := p.element(); err != nil {
			if !errors.Is(err, io.EOF) { // the rest of the track is missing
				p.times = nil
			}
			p.unpaired()
			p.err = io.EOF
			r, end := p.xml.end(err)
			if end != nil {
				p.err = end
				continue
			}
			p.ready = append(p.ready, r)
		}
	}
	r := p.ready[0]
	p.ready = p.ready[1:]
	return r, nil
}

// element takes in the next element.
func (p *placemarks) element() error {
	start, err := p.xml.start()
	if err != nil {
		return err
	}
	line, _ := p.xml.InputPos()
	text := ""
	parent := p.xml.parent()
	switch name := start.Name.Local; {
	case name == "Placemark":
		p.unpaired()
		p.tracks, p.lists = append(p.tracks, ""), 0
	case name == "Track":
		p.unpaired()
		if p.lists++; p.lists > 1 { // of a gx:MultiTrack: those of the same hours are of two trucks
			p.tracks = append(p.tracks, p.tracks[len(p.tracks)-1])
		}
	case name == "name" && parent == "Placemark":
		return p.xml.decode(&p.tracks[len(p.tracks)-1], &start)
	case name == "when" && (parent == "Track" || parent == "TimeStamp"):
		if err := p.xml.decode(&text, &start); err != nil {
			return err
		}
		p.times = append(p.times, when{text, line})
	case name == "coord" && parent == "Track", name == "coordinates" && parent == "Point":
		if err := p.xml.decode(&text, &start); err != nil {
			return err
		}
		p.places = append(p.places, coord{strings.ReplaceAll(strings.TrimSpace(text), ",", " "), line})
	}
	p.pair()
	return nil
}

// pair makes rows of times and places.
func (p *placemarks) pair() {
	for len(p.times) > 0 && len(p.places) > 0 {
		r := p.places[0].at(p.times[0].text)
		r.track = len(p.tracks) - 1
		p.ready = append(p.ready, r)
		p.times, p.places = p.times[1:], p.places[1:]
	}
}

// unpaired refuses what is left of a track: a place without a time, or more times than places, for a gap has an empty
// place.
func (p *placemarks) unpaired() {
	for _, c := range p.places {
		p.ready = append(p.ready, Row{line: c.line, Err: errNoTime})
	}
	if p.lists > 0 && len(p.times) > 0 {
		p.ready = append(p.ready, Row{line: p.times[0].line, Err: errMoreTimes})
	}
	p.times, p.places = nil, nil
}

// at is the row of a place at a time.
func (c *coord) at(when string) Row {
	r := Row{line: c.line}
	cells := strings.Fields(c.text)
	if len(cells) < 2 || len(cells) > 3 {
		r.Err = fmt.Errorf("%.40q is not longitude, latitude and altitude", c.text)
		return r
	}
	var x [3]float64
	x[2] = math.NaN()
	for i, s := range cells {
		if x[i], r.Err = number(s); r.Err != nil {
			return r
		}
	}
	r = place(when, 0, x[1], x[0])
	r.line = c.line
	r.Fix.Alt = x[2]
	return r
}

// A KMZ is a zip with a KML in it. Both sizes are bounded: the one is held in memory, and the other may be a thousand
// times as much.
const (
	maxKMZ = 64 << 20
	maxKML = 512 << 20
)

func openKMZ(in io.Reader) (source, error) {
	packed, err := io.ReadAll(io.LimitReader(in, maxKMZ+1))
	if err != nil {
		return nil, err
	}
	if len(packed) > maxKMZ {
		return nil, fmt.Errorf("is a zip of more than %d MB: unpack it first", maxKMZ>>20)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("is no whole zip: %w", err)
	}
	for _, f := range z.File { // the first is the main one
		if !strings.EqualFold(path.Ext(f.Name), ".kml") {
			continue
		}
		if f.UncompressedSize64 > maxKML {
			return nil, fmt.Errorf("has a KML of %d MB in it: unpack it first", f.UncompressedSize64>>20)
		}
		kml, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("the KML in it can't be unpacked: %w", err)
		}
		return newPlacemarks(bufio.NewReaderSize(&unpacked{kml, maxKML}, maxLine)), nil
	}
	return nil, errors.New("is a zip without a KML in it: unpack it first")
}

// unpacked is what comes out of a zip, which may be more than the zip says.
type unpacked struct {
	io.Reader
	left int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.left <= 0 {
		return 0, fmt.Errorf("the rest is not read, for it unpacks to more than %d MB", maxKML>>20)
	}
	n, err := u.Reader.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	return n, err
}
