package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxLine bounds a line, in bytes: a row has about a hundred.
const maxLine = 1 << 16

// errTorn marks a last line with neither a newline nor all its fields. One that has all is taken as it is: many programs
// leave the last newline out.
var errTorn = errors.New("the last line is half-written")

// lines reads a file of comma-separated values line by line. Quotes mean nothing to it, so that no damage to one line can
// reach the next.
type lines struct {
	path   string
	file   *os.File
	in     *bufio.Reader
	line   int            // number of the last one read, from 1
	column map[string]int // by the header
}

func openLines(path string) (*lines, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	l := &lines{path: path, file: f, in: bufio.NewReaderSize(f, maxLine)}
	if err := l.header(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

func (l *lines) header() error {
	first, err := l.next()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("trace %s is empty", l.path)
	case err != nil:
		return fmt.Errorf("trace %s: the header: %w", l.path, err)
	}
	l.column = map[string]int{}
	for i, name := range strings.Split(strings.TrimPrefix(string(first), "\ufeff"), ",") {
		name = strings.TrimSpace(name)
		if _, twice := l.column[name]; twice {
			return fmt.Errorf("trace %s: the header has the column %.40q twice", l.path, name)
		}
		l.column[name] = i
	}
	for _, name := range [...]string{"t_ms", "lat", "lon"} {
		if _, ok := l.column[name]; !ok {
			return fmt.Errorf("trace %s: the header has no column %s", l.path, name)
		}
	}
	return nil
}

// next returns the next line that is not blank, without its end, valid until the call after. An errTorn comes with what
// there is of the line; io.EOF is the end; errLong a line beyond maxLine, which is passed over.
func (l *lines) next() ([]byte, error) {
	for {
		b, err := l.in.ReadSlice('\n')
		if len(b) > 0 {
			l.line++
		}
		switch {
		case err == nil:
			if b = bytes.TrimRight(b, "\r\n"); len(bytes.TrimSpace(b)) > 0 {
				return b, nil
			}
		case errors.Is(err, io.EOF):
			if len(bytes.TrimSpace(b)) == 0 {
				return nil, io.EOF
			}
			if bytes.Count(b, []byte{','})+1 < len(l.column) {
				return b, errTorn
			}
			return bytes.TrimRight(b, "\r"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, l.skip()
		default:
			return nil, fmt.Errorf("read: %w", err)
		}
	}
}

// errLong marks a line that no row can be.
var errLong = fmt.Errorf("the line is longer than %d bytes", maxLine)

// skip passes over the rest of a line.
func (l *lines) skip() error {
	for {
		switch _, err := l.in.ReadSlice('\n'); {
		case err == nil || errors.Is(err, io.EOF):
			return errLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read: %w", err)
		}
	}
}

func (l *lines) close() error { return l.file.Close() }
