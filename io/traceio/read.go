package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"argos"
)

// Row is one row of a drive.
type Row struct {
	N   int       // from 0, in the order of the file: also the fix's Seq
	TMs string    // the time in ms, as it stands there where it is in ms; empty when it has none, or no text that a CSV could repeat
	Fix argos.Fix // TruckID alone, if at all, when Err is not nil
	Err error     // the row is not a fix, and why: names file and line

	line int
}

// source yields the rows of one format: with a line, a fix without Seq and, unless the file names its trucks, without a
// TruckID, or with what is wrong. io.EOF is the end; another error means that the file can't be read further.
type source interface{ row() (Row, error) }

// Reader yields the rows of a drive, in the order of its file.
type Reader struct {
	drive  Drive
	file   *os.File
	source source
	rows   int
	ahead  []Row  // read, not yet given out
	end    error  // what follows them
	spread string // what was done to times that several rows share
	shared shared
	read   *counter
}

// counter counts what has been read.
type counter struct {
	io.Reader
	bytes int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &readError{err}
	}
	return n, err
}

var errEmpty = errors.New("is empty")

// Open opens a drive. The error is one sentence: the file is missing, unreadable or empty, or lacks a column.
func Open(d Drive) (*Reader, error) {
	f, err := os.Open(d.Fixes)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	r := &Reader{drive: d, file: f, read: &counter{Reader: f}}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *Reader) begin() (err error) {
	if r.source, err = newSource(r.drive, bufio.NewReaderSize(r.read, maxLine)); err == nil {
		err = r.look()
	}
	var bad *readError
	switch {
	case errors.Is(err, errEmpty):
		return fmt.Errorf("trace %s is empty", r.drive.Fixes)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("trace %s has no rows", r.drive.Fixes)
	case err != nil && !errors.As(err, &bad):
		return fmt.Errorf("trace %s: %w", r.drive.Fixes, err)
	}
	return err
}

// newSource takes the format from the file's name, or else from its beginning.
func newSource(d Drive, in *bufio.Reader) (source, error) {
	head, err := in.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < 1024 {
		return nil, errEmpty
	}
	l := lines{in: in}
	switch format(d.Fixes, head) {
	case "gpx":
		return newPoints(in), nil
	case "nmea":
		return newSentences(l), nil
	case "ndjson":
		return &frames{lines: l}, nil
	default:
		return openTable(in, d)
	}
}

// formats are the ends of names.
var formats = map[string]string{
	".csv": "csv", ".tsv": "csv", ".gpx": "gpx", ".nmea": "nmea", ".nme": "nmea", ".ndjson": "ndjson", ".jsonl": "ndjson",
}

var looksNMEA = regexp.MustCompile(`\$[A-Z]{2}(GGA|RMC|VTG|GSA|GSV|GLL|ZDA),`)

func format(path string, head []byte) string {
	if f, known := formats[strings.ToLower(filepath.Ext(path))]; known {
		return f
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) > 0 && text[0] == '<':
		return "gpx"
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return "ndjson"
	case looksNMEA.Match(text):
		return "nmea"
	}
	return "csv"
}

// Next returns the next row, or io.EOF after the last. A row that is no fix is a Row with an Err, for each row gets its
// answer; another error means that the file cannot be read further.
func (r *Reader) Next() (Row, error) {
	row, err := Row{}, r.end
	switch {
	case len(r.ahead) > 0:
		row, err = r.ahead[0], nil
		r.ahead = r.ahead[1:]
	case err == nil:
		row, err = r.next()
	}
	if err == nil && row.Err == nil {
		r.shared.add(&row)
	}
	return row, err
}

// look reads the first rows, and all of them where the clock is coarser than their rate, to spread them. The error is that of a
// file without any.
func (r *Reader) look() error {
	usual, unit := 0, int64(0)
	for r.end == nil && (len(r.ahead) < lookAhead || unit > 0) {
		var row Row
		if row, r.end = r.next(); r.end == nil {
			r.ahead = append(r.ahead, row)
		}
		if len(r.ahead) == lookAhead {
			unit, usual = coarseness(r.ahead)
		}
	}
	if len(r.ahead) < lookAhead {
		unit, usual = coarseness(r.ahead)
	}
	if unit > 0 {
		r.spread = spreadNote(spread(r.ahead, unit, usual), len(r.ahead), unit, usual)
	}
	if len(r.ahead) == 0 {
		return r.end
	}
	return nil
}

// next reads a row of the file.
func (r *Reader) next() (Row, error) {
	row, err := r.source.row()
	switch {
	case errors.Is(err, io.EOF):
		return Row{}, io.EOF
	case err != nil:
		return Row{}, fmt.Errorf("trace %s: %w", r.drive.Fixes, err)
	}
	row.N = r.rows
	r.rows++
	if row.Err == nil {
		row.Fix.Seq = int64(row.N)
		if row.Fix.TruckID == "" {
			row.Fix.TruckID = r.drive.Name
		}
		row.Fix.ForgetUnknown()
		row.Err = row.Fix.Check()
	}
	if row.Err != nil {
		row.Fix, row.Err = argos.Fix{TruckID: row.Fix.TruckID}, fmt.Errorf("trace %s line %d: %w", r.drive.Fixes, row.line, row.Err)
	}
	return row, nil
}

// Named says whether the file names the trucks of its rows itself. If not, all are of one, which is named after the drive.
func (r *Reader) Named() bool {
	switch s := r.source.(type) {
	case *frames:
		return true
	case *table:
		return s.at[fieldTruck].index >= 0
	}
	return false
}

// Name is the path of the file.
func (r *Reader) Name() string { return r.drive.Fixes }

// Notes says, a sentence each, what was found or done to the file as a whole, beyond its rows. They are complete once Next has
// returned io.EOF.
func (r *Reader) Notes() (all []string) {
	if t, ok := r.source.(*table); ok {
		all = t.notes()
	}
	for _, note := range [...]string{r.spread, r.shared.note()} {
		if note != "" {
			all = append(all, note)
		}
	}
	return all
}

// Bytes is how much of the file has been read.
func (r *Reader) Bytes() int64 { return r.read.bytes }

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

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
			for _, note := range r.Notes() {
				slog.Warn("the file as a whole", "trace", d.Fixes, "note", note)
			}
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}
