package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
)

// formats are the ends of names.
var formats = map[string]string{
	".csv": "csv", ".tsv": "csv", ".gpx": "gpx", ".nmea": "nmea", ".nme": "nmea",
	".ndjson": "ndjson", ".jsonl": "ndjson", ".kml": "kml", ".kmz": "kmz", ".geojson": "geojson", ".rec": "owntracks", ".fit": "fit",
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
	case "kml":
		return newPlacemarks(in), "line", nil
	case "kmz":
		s, err = openKMZ(in)
		return s, "line", err
	case "fit":
		if !isFIT(head) {
			return nil, "", errors.New("is no FIT file, though its name says so")
		}
		return newRecords(in), "record", nil
	case "geojson":
		return newFeatures(in), "feature", nil
	case "timeline":
		return newTimeline(in), "entry", nil
	case "owntracks":
		return &reports{lines: l}, "line", nil
	case "nmea":
		return newSentences(l, head, d.Date), "line", nil
	case "ndjson":
		return &frames{lines: l}, "line", nil
	case "xml":
		return nil, "", fmt.Errorf("is XML, but neither GPX nor KML: its first element is not one of theirs")
	}
	t, err := openTable(in, d)
	return t, "line", err
}

var (
	looksXML     = regexp.MustCompile(`<(?:[A-Za-z0-9_.-]+:)?([A-Za-z]\w*)`)
	looksGeoJSON = regexp.MustCompile(`^\{\s*"features"\s*:` +
		`|^\{[^{\[]*"type"\s*:\s*"Feature(Collection)?"|"type"\s*:\s*"FeatureCollection"`)
	looksTimeline = regexp.MustCompile(`^\{\s*"(locations|semanticSegments|rawSignals|userLocationProfile)"\s*:` +
		`|^\[\s*\{\s*"(startTime|endTime)"\s*:`)
	looksOwnTracks = regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT[\d:.]+Z?\t[^\t\n]*\t\{`)
	looksNMEA      = regexp.MustCompile(`\$[A-Z]{2}(GGA|RMC|VTG|GSA|GSV|GLL|ZDA),`)
)

// format tells a format from the beginning of a file if that can be of no other, or else from the end of its name, or
// else from what else there is in the beginning.
func format(path string, head []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	named := formats[strings.ToLower(filepath.Ext(path))]
	switch {
	case isFIT(head):
		return "fit"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "kmz"
	case bytes.HasPrefix(text, []byte("<")):
		return xmlFormat(text, named)
	case looksTimeline.Match(text):
		return "timeline"
	case bytes.HasPrefix(text, []byte("{")) && looksGeoJSON.Match(text):
		return "geojson"
	case looksOwnTracks.Match(text):
		return "owntracks"
	case named != "":
		return named
	case looksNMEA.Match(text):
		return "nmea"
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return "ndjson"
	}
	return "csv"
}

// isFIT looks for the mark in the header of a FIT file.
func isFIT(head []byte) bool { return len(head) >= 12 && string(head[8:12]) == ".FIT" }

// xmlFormat goes by the first element.
func xmlFormat(text []byte, named string) string {
	for _, element := range looksXML.FindAllSubmatch(text, -1) {
		switch string(element[1]) {
		case "gpx":
			return "gpx"
		case "kml":
			return "kml"
		case "trkpt", "trk":
			return "gpx" // a piece of a file
		}
	}
	if named == "gpx" || named == "kml" {
		return named
	}
	return "xml"
}
