package traceio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"argos"
)

// Row is one row of a drive.
type Row struct {
	N   int       // from 0, in the order of the file: also the fix's Seq
	TMs string    // the time in ms, as it stands there where it is in ms; empty when it has none, or no text that a CSV could repeat
	Fix argos.Fix // TruckID alone, if at all, when Err is not nil
	Err error     // the row is not a fix, and why: a *RowError, which names file and line

	line  int // or which record it is, where a format has no lines
	track int // which of the file's tracks it is of, from 1; 0 is of none
}

// source yields the rows of one format: with a line, a fix without Seq and, unless the file names its trucks, without a
// TruckID, or with what is wrong. io.EOF is the end; another error means that the file can't be read further.
type source interface{ row() (Row, error) }

// Reader yields the rows of a drive, in the order of its file. Before the first one it reads the whole file, for what a
// row means may be told later: a date, that there is another truck, how fine the clock is.
type Reader struct {
	drive  Drive
	file   *os.File
	source source
	place  string // what a row's number counts: lines, say
	first  *Row   // read when it was opened
	rows   []Row  // read, and not yet given
	end    error  // what comes after them; nil as long as the file is not read
	named  bool
	notes  []string
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
	if r.source, r.place, err = newSource(r.drive, bufio.NewReaderSize(r.read, maxLine)); err == nil {
		var first Row
		first, err = r.source.row()
		r.first = &first
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

// Next returns the next row, or io.EOF after the last. A row that is no fix is a Row with an Err, for each row gets its
// answer; another error means that the file cannot be read further.
func (r *Reader) Next() (Row, error) {
	if r.end == nil {
		r.load()
	}
	if len(r.rows) == 0 {
		return Row{}, r.end
	}
	row := r.rows[0]
	r.rows[0] = Row{}
	if r.rows = r.rows[1:]; len(r.rows) == 0 {
		r.rows = nil // lets go of the memory
	}
	return row, nil
}

// load reads the file to its end.
func (r *Reader) load() {
	if r.first != nil {
		r.rows = append(r.rows, *r.first)
	}
	for {
		row, err := r.source.row()
		if errors.Is(err, io.EOF) {
			r.end = io.EOF
			break
		}
		if err != nil {
			r.end = fmt.Errorf("trace %s: %w", r.drive.Fixes, err)
			break
		}
		r.rows = append(r.rows, row)
	}
	r.settle()
}

// Named says whether the file names the trucks of its rows itself. If not, all are of one, which is named after the
// drive. It is known from the first row on.
func (r *Reader) Named() bool { return r.named }

// Notes are sentences on what was made of the file that its reader may not expect, known from the first row on.
func (r *Reader) Notes() []string { return r.notes }

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
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}
