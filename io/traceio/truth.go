package traceio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"argos"
	"argos/truth"
)

// Truth reads what is known of where a drive really was; it is nil, without an error, when there is no such file.
//
// What a row's fix_q means depends on the set. Where some rows say 4, it is the quality of a NMEA GGA sentence, and only
// those, the RTK solutions with fixed ambiguities, are true to centimetres: the rest is left out. Elsewhere (another
// number for all, or a word such as span) it names the instrument, and all rows count but those that say 0.
func Truth(d Drive) (truth.Track, error) {
	l, err := openLines(d.Truth)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer l.close() //nolint:errcheck // read only
	var all, fixed []truth.Row
	for {
		line, err := l.next()
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) { // half a row is no truth
			break
		}
		var r truth.Row
		var quality string
		if err == nil {
			r, quality, err = parseTruth(line, l.column)
		}
		if err != nil {
			return nil, fmt.Errorf("truth %s line %d: %w", l.path, l.line, err)
		}
		if quality == "4" {
			fixed = append(fixed, r)
		}
		if quality != "0" {
			all = append(all, r)
		}
	}
	if len(fixed) > 0 {
		return truth.New(fixed), nil
	}
	return truth.New(all), nil
}

// parseTruth reads a position and its quality, in the set's own words.
func parseTruth(line []byte, column map[string]int) (truth.Row, string, error) {
	p := row{fields: strings.Split(string(line), ","), column: column}
	if len(p.fields) != len(column) {
		return truth.Row{}, "", fmt.Errorf("%d fields under a header of %d", len(p.fields), len(column))
	}
	f := argos.NewFix("truth", p.whole("t_ms", true), p.number("lat", true), p.number("lon", true))
	if p.err != nil {
		return truth.Row{}, "", p.err
	}
	return truth.Row{TMs: f.Time, Pos: argos.LatLon{Lat: f.Lat, Lon: f.Lon}}, p.text("fix_q"), f.Check()
}
