package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line, in bytes: a row has about a hundred.
const maxLine = 1 << 16

// lines reads a text line by line.
type lines struct {
	in   *bufio.Reader // holds at least maxLine
	line int           // number of the last one read, from 1
	torn bool          // the last one read has no newline
}

// errLong marks a line that no row can be.
var errLong = fmt.Errorf("the line is longer than %d bytes", maxLine)

// next returns the next line that is not blank, without its end, valid until the call after. io.EOF is the end; errLong a
// line beyond maxLine, which is passed over.
func (l *lines) next() ([]byte, error) {
	for {
		b, err := l.in.ReadSlice('\n')
		if len(b) > 0 {
			l.line++
		}
		l.torn = errors.Is(err, io.EOF)
		switch {
		case err == nil:
			if b = bytes.TrimRight(b, "\r\n"); len(bytes.TrimSpace(b)) > 0 {
				return b, nil
			}
		case l.torn:
			if len(bytes.TrimSpace(b)) == 0 {
				return nil, io.EOF
			}
			return bytes.TrimRight(b, "\r"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, l.skip()
		default:
			return nil, &readError{err}
		}
	}
}

// skip passes over the rest of a line.
func (l *lines) skip() error {
	for {
		switch _, err := l.in.ReadSlice('\n'); {
		case err == nil || errors.Is(err, io.EOF):
			return errLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return &readError{err}
		}
	}
}

// readError is a file that can't be read further, in contrast to a row that is none.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }
