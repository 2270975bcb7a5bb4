package traceio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"argos"
)

// Row is one row of a drive.
type Row struct {
	N   int       // from 0, in the order of the file: also the fix's Seq
	TMs string    // the row's t_ms as it stands there; empty when it has none, or no text that a CSV could repeat
	Fix argos.Fix // the zero Fix when Err is not nil
	Err error     // the row is not a fix, and why: names file and line
}

// Reader yields the rows of a drive, in the order of its file.
type Reader struct {
	truck string
	lines *lines
	rows  int
}

// Open opens a drive. The error is one sentence: the file is missing, unreadable or empty, or lacks a column.
func Open(d Drive) (*Reader, error) {
	l, err := openLines(d.Fixes)
	if err != nil {
		return nil, err
	}
	if _, err := l.in.Peek(1); errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("trace %s has no rows", d.Fixes), l.close())
	}
	return &Reader{truck: d.Name, lines: l}, nil
}

// Next returns the next row, or io.EOF after the last. A row that is no fix is a Row with an Err, for each row gets its
// answer; another error means that the file cannot be read further.
func (r *Reader) Next() (Row, error) {
	line, err := r.lines.next()
	row := Row{N: r.rows}
	switch {
	case err == nil:
		row.Fix, row.TMs, err = parseRow(line, r.lines.column)
	case errors.Is(err, errTorn):
		_, row.TMs, _ = parseRow(line, r.lines.column)
	case errors.Is(err, errLong):
	case errors.Is(err, io.EOF):
		return Row{}, io.EOF
	default:
		return Row{}, fmt.Errorf("trace %s: %w", r.lines.path, err)
	}
	r.rows++
	if err == nil {
		row.Fix.TruckID, row.Fix.Seq = r.truck, int64(row.N)
		err = row.Fix.Check()
	}
	if err != nil {
		row.Fix, row.Err = argos.Fix{}, fmt.Errorf("trace %s line %d: %w", r.lines.path, r.lines.line, err)
	}
	return row, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.lines.close() }

// Read returns all rows of a drive.
func Read(d Drive) ([]Row, error) {
	r, err := Open(d)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // read only
	var rows []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

// parseRow reads a line under a header. tMs is its t_ms as it stands there, whatever the rest.
func parseRow(line []byte, column map[string]int) (f argos.Fix, tMs string, err error) {
	fields := strings.Split(string(line), ",")
	p := row{fields: fields, column: column}
	at := p.whole("t_ms", true)
	if tMs = p.text("t_ms"); strings.ContainsFunc(tMs, func(c rune) bool { return c <= ' ' || c == '"' || c > '~' }) {
		tMs = ""
	}
	if len(fields) != len(column) {
		return argos.Fix{}, tMs, fmt.Errorf("%d fields under a header of %d", len(fields), len(column))
	}
	f = argos.NewFix("", at, p.number("lat", true), p.number("lon", true))
	f.Alt = p.number("alt_m", false)
	f.Speed = p.number("speed_mps", false)
	f.Heading = p.number("course_deg", false)
	f.HDOP = p.number("hdop", false)
	f.Accuracy = p.number("accuracy_m", false)
	f.Valid = p.text("fix_q") == "" || p.whole("fix_q", false) != 0
	return f, tMs, p.err
}

// row reads fields by their column's name. err is the first that could not be read.
type row struct {
	fields []string
	column map[string]int
	err    error
}

// text is empty where there is no such column or field.
func (r *row) text(name string) string {
	i, ok := r.column[name]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return strings.TrimSpace(r.fields[i])
}

// number is NaN where a field is blank, which a required one may not be.
func (r *row) number(name string, required bool) float64 {
	s := r.text(name)
	if s == "" {
		if required {
			r.fail("%s is blank", name)
		}
		return math.NaN()
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || strings.ContainsAny(s, "xXpP_") {
		r.fail("%s %.40q is not a number", name, s)
		return math.NaN()
	}
	return x
}

func (r *row) whole(name string, required bool) int64 {
	s := r.text(name)
	if s == "" {
		if required {
			r.fail("%s is blank", name)
		}
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		r.fail("%s %.40q is not a whole number", name, s)
	}
	return n
}

func (r *row) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}
