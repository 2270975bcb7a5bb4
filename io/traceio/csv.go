package traceio

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"argos"
)

// errTorn marks a last line with neither a newline nor all its fields. One that has all is taken as it is: many programs
// leave the last newline out.
var errTorn = errors.New("the last line is half-written")

// table is a CSV file. A quote means nothing beyond its line, so that no damage to one line can reach the next.
type table struct {
	lines
	comma  rune
	width  int
	at     [fieldCount]column
	first  int64 // ms: where a clock of no calendar began
	begun  bool
	header []string
}

// openTable reads the header.
func openTable(l lines, columns Columns) (*table, error) {
	t := &table{lines: l, comma: ','}
	first, err := t.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errEmpty
	case err != nil:
		return nil, fmt.Errorf("the header: %w", err)
	}
	head := strings.TrimPrefix(string(first), "\ufeff")
	if i := strings.IndexAny(head, ",;\t"); i >= 0 {
		t.comma = rune(head[i])
	}
	t.header = t.split([]byte(head))
	t.width = len(t.header)
	t.at, err = columns.resolve(t.header)
	return t, err
}

func (t *table) row() (Row, error) {
	line, err := t.next()
	if errors.Is(err, errLong) {
		return Row{line: t.line, Err: err}, nil
	}
	if err != nil {
		return Row{}, err
	}
	cells := t.split(line)
	r := t.parse(cells)
	r.line = t.line
	if len(cells) != t.width {
		r.Err = fmt.Errorf("%d fields under a header of %d", len(cells), t.width)
		if t.torn && len(cells) < t.width {
			r.Err = errTorn
		}
	}
	return r, nil
}

// year2000 is where a clock of no calendar is put, ms.
const year2000 = 946_684_800_000

// split cuts a line into its fields.
func (t *table) split(line []byte) []string {
	if !slices.Contains(line, '"') {
		return strings.Split(string(line), string(t.comma))
	}
	r := csv.NewReader(strings.NewReader(string(line)))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = t.comma, true, -1
	cells, err := r.Read()
	if err != nil {
		return strings.Split(string(line), string(t.comma))
	}
	return cells
}

// parse reads a row's fields. Its TMs is there whatever the rest.
func (t *table) parse(cells []string) (r Row) {
	p := cellReader{cells: cells, at: &t.at}
	at := p.time()
	if t.at[fieldTime].rel {
		if !t.begun && p.err == nil {
			t.first, t.begun = at, true
		}
		at += year2000 - t.first
	}
	r.TMs = p.text(fieldTime)
	if _, err := strconv.ParseInt(r.TMs, 10, 64); t.at[fieldTime].tick != ticks["ms"] && (err != nil || r.TMs != strconv.FormatInt(at, 10)) {
		r.TMs = ""
		if p.err == nil {
			r.TMs = strconv.FormatInt(at, 10)
		}
	}
	if strings.ContainsFunc(r.TMs, func(c rune) bool { return c <= ' ' || c == '"' || c == ',' || c > '~' }) {
		r.TMs = ""
	}
	f := argos.NewFix(truckID(p.text(fieldTruck)), at, p.number(fieldLat, true), p.number(fieldLon, true))
	f.Alt = p.number(fieldAlt, false)
	f.Speed = p.number(fieldSpeed, false)
	f.Heading = p.number(fieldHeading, false)
	f.HDOP = p.number(fieldHDOP, false)
	f.Accuracy = p.number(fieldAccuracy, false)
	f.Valid = p.valid()
	r.Fix, r.Err = f, p.err
	if p.err == nil && t.at[fieldTruck].index >= 0 && f.TruckID == "" {
		r.Err = fmt.Errorf("%s is blank", t.at[fieldTruck].name)
	}
	return r
}

// cellReader reads a row's fields. err is the first that could not be read.
type cellReader struct {
	cells []string
	at    *[fieldCount]column
	err   error
}

// text is empty where there is no such column or field.
func (r *cellReader) text(f field) string {
	i := r.at[f].index
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

// number is NaN where a field is blank, which a required one may not be.
func (r *cellReader) number(f field, required bool) float64 {
	s := r.text(f)
	if s == "" && required {
		r.fail(f, "is blank")
	}
	x, err := number(s)
	if err != nil {
		r.fail(f, err.Error())
		return math.NaN()
	}
	return x * r.at[f].scale
}

func (r *cellReader) time() int64 {
	s := r.text(fieldTime)
	if s == "" {
		r.fail(fieldTime, "is blank")
		return 0
	}
	c := &r.at[fieldTime]
	ms, err := instant(s, c.tick, c.zone)
	if err != nil {
		r.fail(fieldTime, err.Error())
	}
	return ms
}

// valid is false where the receiver says that it has no fix: a 0, as in NMEA, or a word for no.
func (r *cellReader) valid() bool {
	switch s := strings.ToLower(r.text(fieldValid)); s {
	case "", "true", "t", "yes", "y", "a":
		return true
	case "false", "f", "no", "n", "v", "none":
		return false
	default:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			r.fail(fieldValid, fmt.Sprintf("%.40q is not a whole number", s))
		}
		return n != 0
	}
}

func (r *cellReader) fail(f field, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s %s", r.at[f].name, what)
	}
}
