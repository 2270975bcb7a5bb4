package traceio

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/muktihari/fit/encoder"
	"github.com/muktihari/fit/profile/mesgdef"
	"github.com/muktihari/fit/profile/typedef"
	"github.com/muktihari/fit/proto"
)

//go:embed testdata/exports
var exports embed.FS

// export is what another program wrote, in small.
func export(name string) string {
	text, err := exports.ReadFile("testdata/exports/" + name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

var (
	ownTracks = export("phone.rec")
	points1   = export("points.geojson")
	line1     = export("line.json")
	lines2    = export("lines.json")
	takeout1  = export("Records.json")
	android1  = export("android.json")
	ios1      = export("ios.json")
	kml1      = export("tracks.kml")
)

// zipped is a zip of files.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zippedRaw is a zip that says what it likes of an empty file.
func zippedRaw(t testing.TB, says *zip.FileHeader) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.CreateRaw(says); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// fitFile is an activity of three records, of which one has no position.
func fitFile(t testing.TB) string {
	t.Helper()
	at := func(s int64) time.Time { return time.Unix(1772348400+s, 0).UTC() }
	out := proto.FIT{Messages: []proto.Message{
		mesgdef.NewFileId(nil).SetType(typedef.FileActivity).SetTimeCreated(at(0)).ToMesg(nil),
		mesgdef.NewRecord(nil).
			SetTimestamp(at(0)).
			SetPositionLatDegrees(51.9).
			SetPositionLongDegrees(4.5).
			SetGpsAccuracy(8).
			SetEnhancedSpeedScaled(10).
			SetEnhancedAltitudeScaled(-2).
			ToMesg(nil),
		mesgdef.NewRecord(nil).SetTimestamp(at(1)).SetHeartRate(70).ToMesg(nil),
		mesgdef.NewRecord(nil).
			SetTimestamp(at(2)).
			SetPositionLatDegrees(51.9).
			SetPositionLongDegrees(4.501).
			SetSpeedScaled(11).
			ToMesg(nil),
	}}
	var b bytes.Buffer
	if err := encoder.New(&b).Encode(&out); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What other programs export is read; what of it is no fix is refused, each for its own reason.
func TestExports(t *testing.T) {
	const first, second = "2026-03-01T07:00:00", "2026-03-01T07:00:02"
	fit := fitFile(t)
	for name, c := range map[string]struct {
		text string
		want []string
		full bool // the first fix has speed, altitude and accuracy
		note string
	}{
		"a.rec": {ownTracks, []string{first, second, "the location has no lat and lon", "2026-03-01T07:00:06", "the last line is half-written"}, true, "other kinds than location, passed over: 1"},
		"a.geojson": {points1, []string{
			first, second, "the point has no time", "a position has fewer than two numbers", "a Polygon is no position", "has no geometry",
			"is no Feature of GeoJSON: it is a number", "the coordinates of a Point are not what GeoJSON has: it is a string",
		}, true, ""},
		"points.json": {points1[:len(points1)-2], []string{
			first, second, "the point has no time", "a position has fewer than two numbers", "a Polygon is no position", "has no geometry",
			"is no Feature of GeoJSON: it is a number", "the coordinates of a Point are not what GeoJSON has: it is a string", "the file ends in the middle",
		}, true, ""},
		"line.json":      {line1, []string{first, second}, false, ""},
		"lines.geojsonl": {line1 + "\n" + line1, []string{first, second, first, second}, false, "2 trucks: to-work-1ce1c69da0, to-work-1ce1c69da0-2"},
		"multi.json":     {lines2, []string{first, second, "the line has no times", "the line has 1 positions, but 0 times"}, false, ""},
		"Records.json":   {takeout1, []string{"the location has not both", "the point has no time", first, second}, true, ""},
		"Timeline.json":  {android1, []string{`"here" is no latitude and longitude`, first, second}, true, "passed over: 2"},
		"ios.json":       {ios1, []string{`durationMinutesOffsetFromStartTime "soon"`, first, "2026-03-01T07:02:00"}, false, "passed over: 1"},
		"cut.json":       {takeout1[:300], []string{"the file ends in the middle", first}, true, ""},
		"a.kml": {kml1, []string{
			first, second, "2026-03-01T07:00:04", "the point has no time", "2026-03-01T07:00:06", "the point has no time", `the time "2026-03-01" is no time`,
		}, false, ""},
		"a.kmz":       {zipped(t, "files/a.png", "x", "doc.kml", kml1[:430]), []string{first, second, "the file ends in the middle"}, false, ""},
		"a.fit":       {fit, []string{first, "the receiver tells no position", second}, true, ""},
		"chained":     {fit + fit, []string{first, "the receiver tells no position", second, first, "the receiver tells no position", second}, true, ""},
		"cut.fit":     {fit[:len(fit)-20], []string{first, "the receiver tells no position", "the rest is not read, for the file is damaged"}, true, ""},
		"damaged.fit": {fit[:len(fit)-1] + "\x00", []string{first, "the receiver tells no position", second, "the rest is not read, for the file is damaged"}, true, ""},
		"bom.json":    {"\ufeff" + line1, []string{first, second}, false, ""},
	} {
		rows, r := readText(t, name, c.text, time.Time{})
		got := strings.Split(said(rows), "\n")
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			continue
		}
		if notes := strings.Join(r.Notes(), "\n"); (c.note == "") != (notes == "") || !strings.Contains(notes, c.note) {
			t.Errorf("%s says %q, want %q", name, notes, c.note)
		}
		for _, row := range rows {
			f := row.Fix
			if row.Err != nil || stamp(f.Time)[:19] != first {
				continue
			}
			if math.Abs(f.Lat-51.9) > 1e-6 || math.Abs(f.Lon-4.5) > 1e-6 {
				t.Errorf("%s: %+v", name, f)
			}
			if c.full && (f.Speed != 10 || f.Alt != -2 || f.Accuracy != 8) {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// What a quantity says that is not known costs no position.
func TestOwnTracksUnknown(t *testing.T) {
	rows, _ := readText(t, "a.rec", ownTracks, time.Time{})
	if f := rows[1].Fix; rows[1].Err != nil || !math.IsNaN(f.Accuracy) || !math.IsNaN(f.Speed) ||
		!math.IsNaN(f.Heading) ||
		rows[0].Fix.Heading != 90 {
		t.Errorf("%+v, %v", rows[1].Fix, rows[1].Err)
	}
}

// Points that name their trucks, and reports of two phones at the same hours, are kept apart.
func TestExportsOfSeveralTrucks(t *testing.T) {
	point := func(truck string, s int) string {
		return fmt.Sprintf(
			`{"type":"Feature","geometry":{"type":"Point","coordinates":[4.5,51.9]},"properties":{"vehicle":%q,"time":%d}}`,
			truck,
			1772348400+s,
		)
	}
	report := func(tid string, s int) string {
		return fmt.Sprintf(
			"2026-03-01T07:00:00Z\t*\t{\"_type\":\"location\",\"tid\":%q,\"tst\":%d,\"lat\":51.9,\"lon\":4.5}\n",
			tid,
			1772348400+s,
		)
	}
	for name, text := range map[string]string{
		"a.geojson": `{"type":"FeatureCollection","features":[` + point("A", 0) + "," + point("B", 0) + "," + point("A", 1) + "]}",
		"a.rec":     report("A", 0) + report("B", 0) + report("A", 1) + report("B", 2),
	} {
		rows, r := readText(t, name, text, time.Time{})
		if !r.Named() || rows[0].Fix.TruckID != "A" || rows[1].Fix.TruckID != "B" || rows[2].Fix.TruckID != "A" {
			t.Errorf("%s: named %v, %s", name, r.Named(), said(rows))
		}
	}
}

// Zips that are no KMZ, or unpack to more than memory has, are refused in a sentence.
func TestKMZRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no kml":   {zipped(t, "a.csv", "t_ms,lat,lon"), "is a zip without a KML in it"},
		"cut":      {zipped(t, "doc.kml", kml1)[:200], "is no whole zip"},
		"no zip":   {"t_ms,lat,lon\n1,2,3\n", "is no whole zip"},
		"an error": {"<html>404</html>", "is XML, but neither GPX nor KML"},
	} {
		_, _, err := newSource(Drive{Fixes: "a.kmz"}, buffered(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	bomb := zippedRaw(t, &zip.FileHeader{Name: "doc.kml", Method: zip.Deflate, UncompressedSize64: 600 << 20})
	if _, _, err := newSource(Drive{Fixes: "a.kmz"}, buffered(bomb)); err == nil ||
		!strings.Contains(err.Error(), "a KML of 600 MB") {
		t.Error(err)
	}
	u := &unpacked{strings.NewReader("1234567"), 5}
	var b bytes.Buffer
	if _, err := b.ReadFrom(u); err == nil || b.String() != "12345" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestFITRefuses(t *testing.T) {
	if _, _, err := newSource(Drive{Fixes: "a.fit"}, buffered("t_ms,lat,lon\n1,2,3\n")); err == nil ||
		!strings.Contains(err.Error(), "is no FIT file") {
		t.Error(err)
	}
}

// A piece that is larger than memory is to hold ends the reading, and what came before stays.
func TestJSONIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"an element": `{"locations":[1,"` + strings.Repeat("x", 10_000) + `"]}`,
		"a member":   `{"locations":[1],"other":"` + strings.Repeat("x", 10_000) + `"}`,
	} {
		d := newDocument(buffered(text), []string{"locations"}, nil)
		d.most = 1000
		member, piece, err := d.next()
		if member != "locations" || string(piece) != "1" || err != nil {
			t.Errorf("%s: %s, %s, %v", name, member, piece, err)
		}
		_, _, err = d.next()
		if row, end := endOfDocument(err, 2); end != nil ||
			!strings.Contains(row.Err.Error(), "one piece has more than") {
			t.Errorf("%s: %v, %v, %v", name, err, row.Err, end)
		}
	}
}
