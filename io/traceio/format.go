package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
)

// formats are the ends of names.
var formats = map[string]string{
	".csv": "csv", ".tsv": "csv", ".gpx": "gpx", ".nmea": "nmea", ".nme": "nmea", ".ndjson": "ndjson", ".jsonl": "ndjson",
}

// newSource opens a format, and says what the numbers of its rows count.
func newSource(d Drive, in *bufio.Reader) (s source, place string, err error) {
	head, err := in.Peek(maxLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < maxLine {
		return nil, "", errEmpty
	}
	l := lines{in: in}
	switch format(d.Fixes, head) {
	case "gpx":
		return newPoints(in), "line", nil
	case "nmea":
		return newSentences(l, head, d.Date), "line", nil
	case "ndjson":
		return &frames{lines: l}, "line", nil
	}
	t, err := openTable(l, d.Columns)
	return t, "line", err
}

var looksNMEA = regexp.MustCompile(`\$[A-Z]{2}(GGA|RMC|VTG|GSA|GSV|GLL|ZDA),`)

// format tells a format from the beginning of a file, if that can be of no other, or else from the end of its name, or else from
// what there is in the beginning.
func format(path string, head []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(text) == 0 {
		text = []byte{0}
	}
	if f, known := formats[strings.ToLower(filepath.Ext(path))]; known {
		return f
	}
	switch {
	case text[0] == '<':
		return "gpx"
	case looksNMEA.Match(text):
		return "nmea"
	case text[0] == '{' || text[0] == '[':
		return "ndjson"
	}
	return "csv"
}
