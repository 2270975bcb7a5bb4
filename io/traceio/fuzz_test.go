package traceio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
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
	f.Add(
		[]byte(
			"Latitude;Longitude;Time;Speed (km/h);Device ID\n51.5;4.25;2026-01-02 03:04:05+01:00;36;\"van \"\"7\"\"\"\n",
		),
	)
	f.Add([]byte("timestamp\tlat\tlng\n1700000000.25\t1\t2\n1700000000123456789\t1\t2\n"))
	f.Add([]byte("sep=;\r\nDate;Time;Lat N/S;Lon;v\r\n13.03.2026;10:00:00,5;51,5N;4,25 E;54,0 km/h\r\n"))
	f.Add(
		[]byte(
			"\xff\xfet\x00i\x00m\x00e\x00\t\x00l\x00a\x00t\x00\t\x00l\x00o\x00n\x00\n\x001\x00\t\x002\x00\t\x003\x00\n\x00",
		),
	)
	f.Add([]byte("time,lat,lon\r46094.4166,1,2\r46094.4167,1,2\r"))
	f.Add([]byte("8,2026-03-13 10:00:00,116.51172,39.92123\n8,20260313100000,116.51172,39.92123\n"))
	f.Add([]byte("DATE,TIME,VALID,LAT,N/S,LON,E/W,SPEED,\n260313,93000,No fix,1,S,2,W,-1\n"))
	f.Add([]byte("\"K\xfcrzel\",t,lat,lon\n\"a;b\",03/04/2026 3:04:05 PM,\"1,5\",\"1,234\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) { every(t, "a.csv", text) })
}

func FuzzGPX(f *testing.F) {
	f.Add([]byte(ride))
	f.Add([]byte(ride[:len(ride)*2/3]))
	f.Add([]byte(`<gpx><trk><trkseg><trkpt lat="x" lon="1"><time>2026-01-02T03:04:05Z</time></trkpt><trkpt/>`))
	f.Add(
		[]byte(
			`<?xml version="1.0" encoding="ISO-8859-1"?><gpx><trkpt lat="1" lon="2"><fix>none</fix></trkpt></wrong></gpx>`,
		),
	)
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

// FuzzClock: a text is a time, or it is none, and is the same time again.
func FuzzClock(f *testing.F) {
	for _, s := range []string{
		"1773396000", "46094.4166", "20260313100000", "202603131000", "13.03.2026 10:00:00,5", "3/4/26 3:04 PM", "Fri, 13 Mar 2026 10:00:00 GMT",
		"2026-03-13T10:00:00.25+01:00", "1.77E+12", "-5", "0", "99999999999999999999", "24:00:00", "2026-02-30 00:00:00",
	} {
		f.Add("", s, "dmy")
	}
	f.Add("13.03.2026", "0,4166", "dmy")
	f.Add("46094", "93000", "mdy")
	f.Add("2026-03-13 00:00:00", "1899-12-30 10:00", "ymd")
	f.Fuzz(func(t *testing.T, date, text, order string) {
		c := clock{zone: time.UTC, orders: []string{order}}
		ms, err := c.read(date, text)
		again, err2 := c.read(date, text)
		if (err == nil) != (err2 == nil) || err == nil && ms != again ||
			err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q %q: %d, %v, then %d, %v", date, text, ms, err, again, err2)
		}
	})
}

// FuzzColumns: what a file of columns says can be checked, and found or not found in a header.
func FuzzColumns(f *testing.F) {
	f.Add("lat = y\nlon=x:m\n# no\ntime = t:Europe/Berlin\n", "t,x,y")
	f.Add("date=1:dmy\ntime=2:rel\n", "1,2")
	f.Fuzz(func(t *testing.T, text, header string) {
		c := Columns{}
		if c.Read(strings.NewReader(text)) != nil || c.Check() != nil {
			return
		}
		d := dialectOf([]string{header, header}, c)
		at, err := d.resolve(c, [][]string{split(header, d.comma)})
		for _, col := range at {
			if err == nil && col.index >= max(d.width, 1) {
				t.Fatalf("%q: column %+v of %d", header, col, d.width)
			}
		}
	})
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
	f.Add(
		[]byte(
			`{"features":[{"properties":{"coordTimes":[[null]]},"geometry":{"type":"LineString","coordinates":[[1,2]]}}]}`,
		),
	)
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
