package traceio

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos"
)

const ride = `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="a watch" xmlns="http://www.topografix.com/GPX/1/1"
  xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
  <metadata><time>2026-03-01T07:00:00Z</time></metadata>
  <wpt lat="1" lon="1"><time>2026-03-01T07:00:00Z</time></wpt>
  <trk><name>to work</name>
    <trkseg>
      <trkpt lat="51.9" lon="4.5"><ele>-2.5</ele><time>2026-03-01T07:00:01Z</time><hdop>1.2</hdop>
        <extensions><gpxtpx:TrackPointExtension><gpxtpx:speed>3.5</gpxtpx:speed><gpxtpx:course>90</gpxtpx:course></gpxtpx:TrackPointExtension></extensions>
      </trkpt>
      <trkpt lat="51.9" lon="4.50005"><time>2026-03-01T08:00:02.250+01:00</time><fix>none</fix></trkpt>
      <trkpt lat="51.9" lon="east"><time>2026-03-01T07:00:03Z</time></trkpt>
      <trkpt lat="51.9" lon="4.5001"></trkpt>
    </trkseg>
    <trkseg>
      <trkpt lat="51.9" lon="4.5002"><time>2026-03-01T07:00:05Z</time><speed>4</speed><course>91</course></trkpt>
    </trkseg>
  </trk>
</gpx>
`

// receiver is a log of a receiver that starts up, crosses midnight and is cut off.
var receiver = strings.Join([]string{
	"# a logger's own line",
	sum("GPGGA,235957.00,,,,,0,00,99.99,,,,,,"),
	sum("GPRMC,235957.00,V,,,,,,,311225,,,N"),
	"NMEA," + sum("GNGGA,235958.00,5154.0000,N,00430.0000,E,1,09,0.9,-1.5,M,46,M,,") + ",1767225598000",
	sum("GNRMC,235958.00,A,5154.0000,N,00430.0000,E,19.438445,90.5,311225,,,A"),
	sum("GPGSV,1,1,00"),
	sum("GNGGA,235959.50,5154.0000,N,00430.0600,E,1,09,0.9,-1.5,M,46,M,,"), // and no date
	sum("GPVTG,91.0,T,,M,20.0,N,37.04,K,A"),
	sum("GNGGA,000000.50,5154.0000,S,00430.1200,W,1,09,,,M,46,M,,"), // the next day
	sum("GPGSA,A,3,1,2,3,,,,,,,,,,2.6,1.1,2.4"),
	"$GNRMC,000000.50,A,5154.0000,S,00430.1200,W,20.0,90.5,010126,,,A*00", // wrong checksum
	sum("GNRMC,000001.50,A,5154.0000,N,00430.1800,E,,,010126,,,A"),
	"$GNGGA,000002.50,5154.00",
}, "\r\n")

func sum(sentence string) string {
	var x byte
	for _, c := range []byte(sentence) {
		x ^= c
	}
	return fmt.Sprintf("$%s*%02X", sentence, x)
}

func TestFormats(t *testing.T) {
	fix := func(id string, ms int64, lat, lon float64, more ...func(*argos.Fix)) argos.Fix {
		f := argos.NewFix(id, ms, lat, lon)
		for _, m := range more {
			m(&f)
		}
		return f
	}
	moving := func(speed, heading float64) func(*argos.Fix) {
		return func(f *argos.Fix) { f.Speed, f.Heading = speed, heading }
	}
	hdop := func(x float64) func(*argos.Fix) { return func(f *argos.Fix) { f.HDOP = x } }
	alt := func(x float64) func(*argos.Fix) { return func(f *argos.Fix) { f.Alt = x } }
	invalid := func(f *argos.Fix) { f.Valid = false }
	type row struct {
		fix argos.Fix
		err string
	}
	cut, _, _ := strings.Cut(ride, "4.5001")
	bus7 := safeID("bus 7")
	const march, midnight = 1772348400000, 1767225600000
	for name, c := range map[string]struct {
		text    string
		columns Columns
		want    []row
	}{
		"a.gpx": {text: ride, want: []row{
			{fix: fix("set_d", march+1000, 51.9, 4.5, moving(3.5, 90), hdop(1.2), alt(-2.5))},
			{fix: fix("set_d", march+2250, 51.9, 4.50005, invalid)},
			{err: `line 12: lon "east" is not a number`},
			{err: "line 13: the point has no time"},
			{fix: fix("set_d", march+5000, 51.9, 4.5002, moving(4, 91))},
		}},
		"cut.gpx": {text: cut, want: []row{
			{fix: fix("set_d", march+1000, 51.9, 4.5, moving(3.5, 90), hdop(1.2), alt(-2.5))},
			{fix: fix("set_d", march+2250, 51.9, 4.50005, invalid)},
			{err: `line 12: lon "east" is not a number`},
			{err: "line 13: the file ends in the middle"},
		}},
		"b.gpx": {text: "<gpx><trkpt lat='1' lon='2'><time>2026-03-01T07:00:00Z</time></trkpt>\n<a></b></gpx>", want: []row{
			{fix: fix("set_d", march, 1, 2)},
			{err: "line 2: the rest is not read, for this is not XML: element <a> closed by </b>"},
		}},
		"log": {text: receiver, want: []row{
			{err: "line 2: the receiver tells no position"},
			{fix: fix("set_d", midnight-2000, 51.9, 4.5, moving(10, 90.5), hdop(0.9), alt(-1.5))},
			{fix: fix("set_d", midnight-500, 51.9, 4.501, moving(20*1852./3600, 91), hdop(0.9), alt(-1.5))},
			{err: "line 11: sentence checksum mismatch"},
			{fix: fix("set_d", midnight+500, -51.9, -4.502, hdop(1.1))},
			{err: "line 13: the last line is half-written"},
			{fix: fix("set_d", midnight+1500, 51.9, 4.503)},
		}},
		"dateless.nmea": {text: sum("GPGGA,235958.00,5154.0000,N,00430.0000,E,1,09,0.9,-1.5,M,46,M,,"), want: []row{
			{err: "line 1: no sentence tells the date: give that of the first row by --date"},
		}},
		"a.ndjson": {
			text: `{"truck_id":"T-17","ts":1772348400000,"lat":51.9,"lon":4.5,"speed":3,"heading":4}` + "\n" +
				`[{"truck_id":"T-18","ts":"2026-03-01T07:00:00Z","lat":51.9,"lon":4.5,"valid":false},{"truck_id":"T-18","ts":1,"lat":91,"lon":1}]` + "\n" +
				`{"truck_id":"T-17","lat":1,"lon":1,"ts":1,"colour":"red"}` + "\nnonsense\n" + `{"truck_id":"T-17","ts":17`,
			want: []row{
				{fix: fix("T-17", march, 51.9, 4.5, moving(3, 4))},
				{fix: fix("T-18", march, 51.9, 4.5, invalid)},
				{err: "line 2: bad fix: lat 91"},
				{err: "colour"},
				{err: "line 4: bad fix: the frame is not JSON"},
				{err: "line 5: the last line is half-written"},
			},
		},
		"a.csv": {
			text: "Vehicle ID;Latitude;Longitude;Timestamp;Speed (km/h);note\n" +
				"bus 7;51.9;4.5;2026-03-01T08:00:00+01:00;36;\"a;b\"\n" +
				"bus 7;51.9;4.5;1772348400;;\n" +
				";51.9;4.5;1772348400;;\n" +
				"bus 7;51.9;4.5;yesterday;;\n",
			want: []row{
				{fix: fix(bus7, march, 51.9, 4.5, moving(10, math.NaN()))},
				{fix: fix(bus7, march, 51.9, 4.5)},
				{err: "line 4: Vehicle ID is blank"},
				{err: `line 5: Timestamp "yesterday" is no time`},
			},
		},
		"mapped.csv": {
			text:    "when,Breite,Laenge,v,ele\n2026-03-01 08:00:00,51.9,4.5,10,100\n2026-07-01 09:00:00.5,51.9,4.5,,\n",
			columns: Columns{"time": "when:Europe/Berlin", "lat": "Breite", "lon": "Laenge", "speed": "v:kn", "alt": "ele:ft"},
			want: []row{
				{fix: fix("set_d", march, 51.9, 4.5, moving(18520./3600, math.NaN()), alt(30.48))},
				{fix: fix("set_d", 1782889200500, 51.9, 4.5)},
			},
		},
		"local.csv": {
			text:    "t,x,y\n1964-01-12 00:00:05.5,0,0\n1964-01-12 00:00:07,111.31949,-111.31949\n",
			columns: Columns{"time": "t:rel", "lat": "y:m", "lon": "x:m"},
			want:    []row{{fix: fix("set_d", year2000, 0, 0)}, {fix: fix("set_d", year2000+1500, -0.001, 0.001)}},
		},
		"sniffed": {text: `{"truck_id":"T-17","ts":1772348400000,"lat":51.9,"lon":4.5}`, want: []row{{fix: fix("T-17", march, 51.9, 4.5)}}},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := Read(Drive{Name: "set_d", Fixes: path, Columns: c.columns})
		if err != nil || len(rows) != len(c.want) {
			t.Errorf("%s: %d rows of %d, %v", name, len(rows), len(c.want), err)
		}
		for i := range min(len(rows), len(c.want)) {
			got, want := rows[i], c.want[i]
			want.fix.Seq = int64(i)
			switch {
			case (got.Err == nil) != (want.err == ""):
				t.Errorf("%s row %d: %v, want %q", name, i, got.Err, want.err)
			case got.Err != nil && !strings.Contains(got.Err.Error(), want.err):
				t.Errorf("%s row %d: %v, want %q", name, i, got.Err, want.err)
			case got.Err == nil && !near(&got.Fix, &want.fix):
				t.Errorf("%s row %d:\n%+v, want\n%+v", name, i, got.Fix, want.fix)
			}
		}
	}
}

// near compares with NaN equal to itself, and numbers that went through another unit within rounding.
func near(a, b *argos.Fix) bool {
	for _, x := range [...][2]float64{
		{a.Lat, b.Lat},
		{a.Lon, b.Lon},
		{a.Alt, b.Alt},
		{a.Speed, b.Speed},
		{a.Heading, b.Heading},
		{a.HDOP, b.HDOP},
		{a.Accuracy, b.Accuracy},
	} {
		if math.IsNaN(x[0]) != math.IsNaN(x[1]) || math.Abs(x[0]-x[1]) > 1e-6 {
			return false
		}
	}
	return a.TruckID == b.TruckID && a.Time == b.Time && a.Seq == b.Seq && a.Valid == b.Valid
}

func TestColumnsThatCannotBeMeant(t *testing.T) {
	for want, c := range map[string]Columns{
		`no field "colour"`:                                {"colour": "x"},
		`of column "v" is in "parsec"`:                     {"speed": "v:parsec"},
		"neither s, ms, us, ns, rel nor a time zone":       {"time": "t:Mars/Olympus"},
		`column "richtung", the heading, has no unit`:      {"heading": "richtung:deg"},
		`header "t_ms,lon,x" has no usual name of the lat`: nil,
		"no column Breite, which is to be the l":           {"lat": "Breite"},
	} {
		err := c.Check()
		if err == nil {
			_, err = (&dialect{comma: ',', header: []string{"t_ms", "lon", "x"}, width: 3}).resolve(c, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", c, err, want)
		}
	}
}

func TestColumnsFromAFile(t *testing.T) {
	c := Columns{"alt": "h:ft"}
	err := c.Read(
		strings.NewReader(
			"\ufeff# our tracker\r\n\r\n lat = Breite\nlon=Länge, Ost\n  # and its clock\ntime = Zeit:Europe/Berlin\n",
		),
	)
	want := Columns{"alt": "h:ft", "lat": "Breite", "lon": "Länge, Ost", "time": "Zeit:Europe/Berlin"}
	if err == nil {
		err = c.Check()
	}
	if err != nil || !maps.Equal(c, want) {
		t.Error(c, err)
	}
	for text, says := range map[string]string{
		"lat = a\n\nlon\n":      `line 3: "lon" is not FIELD=COLUMN`,
		"lat = a\n#\nlat = b\n": "line 3: the lat is mapped twice",
	} {
		if err := (Columns{}).Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
