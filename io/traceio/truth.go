package traceio

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"argos"
	"argos/truth"
)

// Truth reads what is known of where a drive really was; it is nil, without an error, when there is no such file.
//
// What a row's fix_q means depends on the set. Where some rows say 4, it is the quality of a NMEA GGA sentence, and
// only those, the RTK solutions with fixed ambiguities, are true to centimetres: the rest is left out. Elsewhere
// (another number for all, or a word such as span) it names the instrument, and all rows count but those that say 0.
func Truth(d Drive) (truth.Track, error) {
	f, err := os.Open(d.Truth)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("truth: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	t, _, err := newTable(f, Drive{Fixes: d.Truth})
	if err != nil {
		return nil, fmt.Errorf("truth %s: %w", d.Truth, err)
	}
	var all, fixed []truth.Row
	for {
		line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("truth %s line %d: %w", d.Truth, t.line, err)
		}
		cells := split(utf8Line(line), t.comma)
		if t.torn && len(cells) < t.width { // half a row is no truth
			break
		}
		r, quality, err := t.truth(cells)
		if err != nil {
			return nil, fmt.Errorf("truth %s line %d: %w", d.Truth, t.line, err)
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

// truth reads a position and its quality, in the set's own words.
func (t *table) truth(cells []string) (truth.Row, string, error) {
	if len(cells) != t.width {
		return truth.Row{}, "", fmt.Errorf("%d fields under a header of %d", len(cells), t.width)
	}
	p := cellReader{cells: cells, at: &t.at}
	f := argos.NewFix("truth", p.time(t.clock), p.degrees(fieldLat, fieldNS), p.degrees(fieldLon, fieldEW))
	quality := ""
	if i := slices.IndexFunc(t.header, func(name string) bool { _, _, ok := fieldValid.means(name); return ok }); i >= 0 {
		quality = strings.TrimSpace(cells[i])
	}
	if p.err != nil {
		return truth.Row{}, "", p.err
	}
	return truth.Row{TMs: f.Time, Pos: argos.LatLon{Lat: f.Lat, Lon: f.Lon}}, quality, f.Check()
}

// Faults reads what was done to each row of a drive's fixes before they were given to us, in the order of the rows: a
// file faults.csv (seq,label) beside them. It is for scoring alone, and nil, without an error, when there is none.
func Faults(d Drive) ([]string, error) {
	path := filepath.Join(filepath.Dir(d.Fixes), FaultsFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("faults %s: %w", path, err)
	}
	var labels []string
	for i, row := range rows {
		if i == 0 {
			if strings.Join(row, ",") != "seq,label" {
				return nil, fmt.Errorf("faults %s: the header is not seq,label", path)
			}
			continue
		}
		labels = append(labels, row[1])
	}
	return labels, nil
}
