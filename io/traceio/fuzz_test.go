package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// every reads a text as a drive in a file of that name, and checks of each row what those who read drives rely on.
func every(t *testing.T, name string, text []byte) (rows []Row) {
	r := &Reader{drive: Drive{Name: "set_d", Fixes: name}}
	var err error
	if r.source, r.place, err = newSource(r.drive, bufio.NewReaderSize(bytes.NewReader(text), maxLine)); err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Fatalf("not one sentence: %v", err)
		}
		return nil
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%q ends the reading: %v", text, err)
		}
		if strings.ContainsAny(row.TMs, "\",\r\n") {
			t.Fatalf("t_ms %q would break a row", row.TMs)
		}
		if row.N != len(rows) || row.Err == nil && row.Fix.Check() != nil {
			t.Fatalf("row %d: %+v", len(rows), row)
		}
		if n, bad := strconv.ParseInt(row.TMs, 10, 64); row.Err == nil && (bad != nil || n != row.Fix.Time) {
			t.Fatalf("t_ms %q of a fix at %d, %v", row.TMs, row.Fix.Time, bad)
		}
		if row.Err != nil && row.line == 0 {
			t.Fatalf("no line: %v", row.Err)
		}
		if rows = append(rows, row); len(rows) > len(text) && !bytes.HasPrefix(text, []byte("PK")) {
			t.Fatalf("%d rows in %d bytes", len(rows), len(text))
		}
	}
}

func FuzzCSV(f *testing.F) {
	const usual = "t_ms,lat,lon,alt_m,speed_mps,course_deg,hdop,sats,fix_q,recv_ms\n"
	f.Add([]byte(usual + "1744081251719,39.98,116.47,40.392,0.050,0.00,1.028,19,1,1744081251719\n"))
	f.Add([]byte(usual + "1589494245000,37.4194164687255,-122.094611888307,401.23,,,1.022,,0,"))
	f.Add([]byte("lon,lat,t_ms,accuracy_m\n1e3,-0,5"))
	f.Add([]byte("t_ms,lat,lon\n-9223372036854775809,0x1p-2,1_0\n"))
	f.Add([]byte("Latitude;Longitude;Time;Speed (km/h);Device ID\n51.5;4.25;2026-01-02 03:04:05+01:00;36;\"van \"\"7\"\"\"\n"))
	f.Add([]byte("timestamp\tlat\tlng\n1700000000.25\t1\t2\n1700000000123456789\t1\t2\n"))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.csv", text) })
}

func FuzzGPX(f *testing.F) {
	f.Add([]byte(ride))
	f.Add([]byte(ride[:len(ride)*2/3]))
	f.Add([]byte(`<gpx><trk><trkseg><trkpt lat="x" lon="1"><time>2026-01-02T03:04:05Z</time></trkpt><trkpt/>`))
	f.Add([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><gpx><trkpt lat="1" lon="2"><fix>none</fix></trkpt></wrong></gpx>`))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.gpx", text) })
}

func FuzzNMEA(f *testing.F) {
	f.Add([]byte(receiver))
	f.Add([]byte("NMEA,$GPGGA,030051.719,3958.873576,N,11628.605649,E,1,19,1.028,40.392,M,0,M,,*4E,1744081251719\n"))
	f.Add([]byte("$GNZDA,235959.00,31,12,2025,00,00*7A\r\n$GPRMC,,V,,,,,,,,,,N*53\r\n$GPRMC,030051,A,"))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.nmea", text) })
}

func FuzzNDJSON(f *testing.F) {
	f.Add([]byte(`{"truck_id":"T-17","ts":1700000000123,"lat":51.9,"lon":4.5,"speed":3,"attrs":{"a":1}}` + "\n"))
	f.Add([]byte(`[{"truck_id":"T-17","ts":"2026-01-02T03:04:05Z","lat":1,"lon":2,"valid":false},{"truck_id":"T-18"}]`))
	f.Add([]byte("{\"truck_id\":\"T-17\",\"ts\":1\n{}\n[]\n"))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.ndjson", text) })
}

func buffered(text string) *bufio.Reader {
	return bufio.NewReaderSize(strings.NewReader(text), maxLine)
}

func FuzzKML(f *testing.F) {
	f.Add([]byte(kml1))
	f.Add([]byte(`<kml><Placemark><gx:Track><gx:coord>1 2 3 4</gx:coord><when/><gx:coord>x y</gx:coord><when>0</when>`))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.kml", text) })
}

func FuzzKMZ(f *testing.F) {
	f.Add([]byte(zipped(f, "doc.kml", kml1)))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.kmz", text) })
}

func FuzzGeoJSON(f *testing.F) {
	f.Add([]byte(points1))
	f.Add([]byte(lines2))
	f.Add([]byte(line1 + line1))
	f.Add([]byte(`{"features":[{"properties":{"coordTimes":[[null]]},"geometry":{"type":"LineString","coordinates":[[1,2]]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.geojson", text) })
}

func FuzzTimeline(f *testing.F) {
	f.Add([]byte(takeout1))
	f.Add([]byte(android1))
	f.Add([]byte(ios1))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.json", text) })
}

func FuzzOwnTracks(f *testing.F) {
	f.Add([]byte(ownTracks))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.rec", text) })
}

func FuzzFIT(f *testing.F) {
	file := fitFile(f)
	f.Add([]byte(file))
	f.Add([]byte(file + file[:len(file)/2]))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.fit", text) })
}
