package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sampleSize is how much of a table is looked at before its first row is read, in bytes: some thousand rows.
const sampleSize = 1 << 18

// plainText makes UTF-8 with line feeds of a table's bytes: a byte order mark tells UTF-8 and UTF-16, which Excel calls
// Unicode text, and NUL in every second byte an UTF-16 without one. A text whose lines end in CR alone, as old Macs
// have it, gets line feeds. What is neither is left as it is: see utf8Line. It returns the reader and the text's
// beginning, whole lines of at most sampleSize bytes, and whether that is all of it.
func plainText(in *bufio.Reader) (text *bufio.Reader, sample []byte, all bool, err error) {
	head, err := in.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, false, err
	}
	to := transform.Transformer(transform.Nop)
	switch {
	case nulEvery(head, 1):
		to = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	case nulEvery(head, 0):
		to = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	}
	text = bufio.NewReaderSize(transform.NewReader(in, unicode.BOMOverride(to)), sampleSize)
	if sample, all, err = beginning(text); err != nil {
		return nil, nil, false, err
	}
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		text = bufio.NewReaderSize(&lineFeeds{text}, sampleSize)
		if sample, all, err = beginning(text); err != nil {
			return nil, nil, false, err
		}
	}
	if end := bytes.LastIndexByte(sample, '\n'); !all && end > 0 {
		sample = sample[:end]
	}
	return text, bytes.Clone(sample), all, nil
}

// beginning is what a reader has first, and whether that is all.
func beginning(in *bufio.Reader) (b []byte, all bool, err error) {
	b, err = in.Peek(sampleSize)
	if errors.Is(err, io.EOF) {
		return b, true, nil
	}
	return b, false, err
}

// nulEvery says that of each two bytes the one at this place is NUL most often, and the other one never: UTF-16 of a
// text in Latin letters.
func nulEvery(b []byte, place int) bool {
	nul := 0
	for i, c := range b {
		switch {
		case c == 0 && i%2 != place:
			return false
		case c == 0:
			nul++
		}
	}
	return nul*4 > len(b) && nul > 4
}

// lineFeeds reads CR as LF.
type lineFeeds struct{ in io.Reader }

func (l *lineFeeds) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// utf8Line is a line's text. What is no UTF-8 is Windows-1252, for no text of that with other than ASCII letters is
// UTF-8 by chance.
func utf8Line(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(line)
	if err != nil {
		return string(line)
	}
	return string(text)
}
