package traceio

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// features is a GeoJSON document (RFC 7946), of which each position is a row: a Point has its time and quantities in
// its properties, by the names that are usual in a CSV file's header; a line has a time a position in coordTimes or
// times. Each line is a track.
type features struct {
	document *document
	pieces   int
	tracks   []string                       // names of lines, from 1
	columns  map[string]*[fieldCount]column // by the names of properties
	alone    geoFeature                     // a document that is a Feature
	ready    []Row
	err      error // no more can be read
}

type geoFeature struct {
	Geometry   *geometry                  `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

func newFeatures(in *bufio.Reader) *features {
	return &features{
		document: newDocument(in, []string{"features"}, []string{"geometry", "properties"}),
		columns:  map[string]*[fieldCount]column{},
	}
}

func (f *features) trackNames() []string { return append([]string{""}, f.tracks...) }

func (f *features) row() (Row, error) {
	for len(f.ready) == 0 {
		if f.err != nil {
			return Row{}, f.err
		}
		f.piece()
	}
	r := f.ready[0]
	f.ready = f.ready[1:]
	return r, nil
}

// piece takes in the next piece of the document.
func (f *features) piece() {
	member, piece, err := f.document.next()
	if piece == nil && f.alone.Geometry != nil { // a document that is a Feature ends
		f.pieces++
		f.feature(&f.alone)
		f.alone = geoFeature{}
	}
	switch {
	case err != nil:
		last, end := endOfDocument(err, f.pieces+1)
		if f.err = io.EOF; end != nil {
			f.err = end
		} else {
			f.ready = append(f.ready, last)
		}
		return
	case piece == nil:
		return
	}
	switch member {
	case "geometry":
		err = json.Unmarshal(piece, &f.alone.Geometry)
	case "properties":
		err = json.Unmarshal(piece, &f.alone.Properties)
	default:
		f.pieces++
		var one geoFeature
		if err = json.Unmarshal(piece, &one); err == nil {
			f.feature(&one)
			return
		}
	}
	if err != nil {
		f.refuse(fmt.Errorf("is no Feature of GeoJSON: %w", mismatch(err)))
	}
}

func (f *features) refuse(err error) { f.add(Row{Err: err}) }

func (f *features) add(r Row) {
	r.line = max(f.pieces, 1)
	f.ready = append(f.ready, r)
}

// feature makes rows of a feature.
func (f *features) feature(one *geoFeature) {
	if one.Geometry == nil {
		f.refuse(errors.New("has no geometry"))
		return
	}
	var positions [][]float64
	var err error
	switch one.Geometry.Type {
	case "Point":
		var p []float64
		if err = json.Unmarshal(one.Geometry.Coordinates, &p); err == nil {
			f.point(p, one.Properties)
			return
		}
	case "LineString", "MultiPoint":
		if err = json.Unmarshal(one.Geometry.Coordinates, &positions); err == nil {
			f.line(positions, one.Properties)
			return
		}
	case "MultiLineString":
		var lines [][][]float64
		if err = json.Unmarshal(one.Geometry.Coordinates, &lines); err == nil {
			f.line(slices.Concat(lines...), one.Properties)
			return
		}
	default:
		f.refuse(fmt.Errorf("a %.20s is no position", one.Geometry.Type))
		return
	}
	f.refuse(fmt.Errorf("the coordinates of a %s are not what GeoJSON has: %w", one.Geometry.Type, mismatch(err)))
}

// point makes a row of a Point.
func (f *features) point(position []float64, properties map[string]json.RawMessage) {
	at := f.resolve(properties)
	cells := valuesOf(properties)
	p := cellReader{cells: cells, at: at, doubts: new([fieldCount]doubt)}
	if at[fieldTime].index < 0 {
		f.refuse(errNoTime)
		return
	}
	r := placed(p.text(fieldTime), at[fieldTime].tick, position)
	if r.Err == nil {
		x := &r.Fix
		x.TruckID = safeID(p.text(fieldTruck))
		x.Speed, x.Heading = p.quantity(fieldSpeed), p.quantity(fieldHeading)
		x.HDOP, x.Accuracy = p.quantity(fieldHDOP), p.quantity(fieldAccuracy)
		if len(position) < 3 {
			x.Alt = p.quantity(fieldAlt)
		}
		x.Valid = p.valid()
		r.Err = p.err
	}
	f.add(r)
}

// line makes rows of a line.
func (f *features) line(positions [][]float64, properties map[string]json.RawMessage) {
	times, err := timesOf(properties)
	switch {
	case err != nil:
		f.refuse(err)
		return
	case times == nil:
		f.refuse(errors.New("the line has no times: neither coordTimes nor times in its properties"))
		return
	case len(times) != len(positions):
		f.refuse(fmt.Errorf("the line has %d positions, but %d times", len(positions), len(times)))
		return
	}
	name := ""
	if p, ok := properties["name"]; ok {
		name = unquoted(p)
	}
	f.tracks = append(f.tracks, name)
	for i, position := range positions {
		r := placed(unquoted(times[i]), 0, position)
		r.track = len(f.tracks)
		f.add(r)
	}
}
