package traceio

import (
	"strings"
	"testing"
)

// What is of another kind than its name says, or of none, is told from its beginning.
func TestFormatByContent(t *testing.T) {
	for text, want := range map[string]string{
		"<?xml version='1.0'?><!-- a kml --><gpx>": "gpx",
		"<kml xmlns='x'><Document>":                "kml",
		"<html><body>not found</body></html>":      "xml",
		points1:                                    "geojson",
		lines2:                                     "geojson",
		takeout1:                                   "timeline",
		android1:                                   "timeline",
		ios1:                                       "timeline",
		ownTracks:                                  "owntracks",
		fitFile(t):                                 "fit",
		zipped(t, "a.kml", ""):                     "kmz",
		`{"truck_id":"T","ts":1,"lat":1,"lon":1}`:                    "ndjson",
		`{"class":"VERSION"}` + "\n" + gga("100000"):                 "nmea",
		"# " + strings.Repeat("remarks ", 2000) + gga("100000"):      "nmea",
		"t_ms,lat,lon\n1,2,3\n":                                      "csv",
		`{"truck_id":"T","attrs":{"type":"Feature"},"lat":1}` + "\n": "ndjson",
	} {
		for _, name := range []string{"a", "a.txt", "a.json", "a.log"} {
			if got := format(name, []byte(text)); got != want {
				t.Errorf("%s, %.40q: %s, want %s", name, text, got, want)
			}
		}
	}
}
