package traceio

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"argos"
)

// drive writes a text as a file and returns the drive in it.
func driveOf(t *testing.T, name, text string, columns ...string) Drive {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Columns{}
	for _, s := range columns {
		if err := c.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	return Drive{Name: "set_d", Fixes: path, Columns: c}
}

// readAll returns a drive's rows and notes.
func readAll(d Drive) (rows []Row, notes string, err error) {
	r, err := Open(d)
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	for {
		row, err := r.Next()
		if err != nil {
			return rows, strings.Join(r.Notes(), "\n"), nil
		}
		rows = append(rows, row)
	}
}

// writers of a moment, each under its header.
var writtenTimes = []struct {
	header string
	write  func(t time.Time) string // with a tab where two columns meet
}{
	{"timestamp", func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }},
	{"fixTime", func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }},
	{"ts", func(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }},
	{"Time", func(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }},
	{"UTC", func(t time.Time) string { return t.Format("20060102150405") }},
	{"gps_time", func(t time.Time) string { return t.Format(time.RFC3339) }},
	{"Date Time", func(t time.Time) string { return t.Format("02.01.2006 15:04:05") }},
	{"datetime", func(t time.Time) string { return t.Format("1/2/2006 3:04:05 PM") }},
	{"when", func(t time.Time) string { return t.Format("2 Jan 2006 15:04:05") }},
	{"DATE\tTIME", func(t time.Time) string { return t.Format("2006/01/02\t15:04:05") }},
	{"Date\tTime (UTC)", func(t time.Time) string { return t.Format("02/01/2006\t15:04:05.000") }},
	{"date\tutc_time", func(t time.Time) string { return t.Format("20060102\t150405") }},
	{"Date\tTime", func(t time.Time) string { return t.Format("1/2/2006\t3:04:05 PM") }},
}

// However a table is written, its fixes are the same.
func TestHoweverATableIsWritten(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		sep := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(rt, "sep")
		decimal := sep != "," && rapid.Bool().Draw(rt, "decimal comma")
		head := rapid.SampledFrom(writtenTimes).Draw(rt, "time")
		unit := rapid.SampledFrom([]string{"m/s", "km/h", "mph", "kn"}).Draw(rt, "unit")
		inCell := rapid.Bool().Draw(rt, "unit in the cell")
		cell := func(x float64, digits int) string {
			s := strconv.FormatFloat(x, 'f', digits, 64)
			if decimal {
				s = strings.Replace(s, ".", ",", 1)
			}
			return s
		}
		trailing := rapid.SampledFrom([]string{"", "header", "rows"}).Draw(rt, "a separator too many")
		speed := "Speed (" + unit + ")"
		if inCell {
			speed = "Geschw. speed"
		}
		columns := Columns{}
		if inCell {
			columns["speed"] = speed
		}
		lines := []string{
			strings.Join(
				[]string{strings.ReplaceAll(head.header, "\t", sep), "Latitude", "Longitude", speed, "Größe, note"},
				sep,
			),
		}
		if sep == "," {
			lines[0] = strings.Replace(lines[0], "Größe, note", `"Größe, note"`, 1)
		}
		if trailing == "header" {
			lines[0] += sep
		}
		var want []argos.Fix
		at := time.Date(2026, 3, 13, 10, 0, 0, 0, time.UTC) // a day that is no month
		for i := range rapid.IntRange(1, 20).Draw(rt, "rows") {
			at = at.Add(time.Duration(rapid.IntRange(1, 90_000).Draw(rt, "seconds")) * time.Second)
			f := argos.NewFix(
				"set_d",
				at.UnixMilli(),
				rapid.Float64Range(-90, 90).Draw(rt, "lat"),
				rapid.Float64Range(-180, 180).Draw(rt, "lon"),
			)
			f.Seq = int64(i)
			told := rapid.SampledFrom([]string{"", "null", "NaN", `\N`, "-1", "N/A", "-"}).Draw(rt, "unknown speed")
			if rapid.Bool().Draw(rt, "a speed") {
				f.Speed = rapid.Float64Range(0, 60).Draw(rt, "speed")
				told = cell(f.Speed/speeds[unit], 9)
				if inCell {
					told += " " + unit
				}
			}
			when := strings.Join(strings.Split(head.write(at), "\t"), sep)
			note := rapid.SampledFrom([]string{"Straße", `"a` + sep + `b"`, "", "12"}).Draw(rt, "note")
			line := strings.Join([]string{when, cell(f.Lat, 9), cell(f.Lon, 9), told, note}, sep)
			if trailing == "rows" {
				line += sep
			}
			lines, want = append(lines, line), append(want, f)
		}
		text := lines
		if rapid.Bool().Draw(rt, "sep=") {
			text = append([]string{"sep=" + sep}, lines...)
		}
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "line end")
		encoded, err := encodings[rapid.SampledFrom(encodingNames).Draw(rt, "encoding")](strings.Join(text, end) + end)
		if err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, "a.csv")
		if err := os.WriteFile(path, []byte(encoded), 0o600); err != nil {
			rt.Fatal(err)
		}
		rows, notes, err := readAll(Drive{Name: "set_d", Fixes: path, Columns: columns})
		if err != nil || len(rows) != len(want) {
			rt.Fatalf("%d rows of %d, %v, %s\n%s", len(rows), len(want), err, notes, strings.Join(text, "\n"))
		}
		for i, r := range rows {
			if r.Err != nil || !nearly(&r.Fix, &want[i]) {
				rt.Fatalf("%+v, %v\nwant %+v\n%s\n%s", r.Fix, r.Err, want[i], lines[0], lines[i+1])
			}
		}
	})
}

// nearly compares what was rounded to nine digits.
func nearly(a, b *argos.Fix) bool {
	close := func(x, y float64) bool { return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) < 1e-8 }
	return a.Time == b.Time && close(a.Lat, b.Lat) && close(a.Lon, b.Lon) && close(a.Speed, b.Speed) && a.Seq == b.Seq
}

var encodingNames = []string{
	"UTF-8",
	"UTF-8 with a mark",
	"UTF-16 LE",
	"UTF-16 BE",
	"UTF-16 LE without a mark",
	"Windows-1252",
}

var encodings = map[string]func(string) (string, error){
	"UTF-8":                    func(s string) (string, error) { return s, nil },
	"UTF-8 with a mark":        unicode.UTF8BOM.NewEncoder().String,
	"UTF-16 LE":                unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String,
	"UTF-16 BE":                unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String,
	"UTF-16 LE without a mark": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String,
	"Windows-1252":             charmap.Windows1252.NewEncoder().String,
}

// A name in the letters of Windows-1252 is the same as in UTF-8.
func TestNamesInAnyEncoding(t *testing.T) {
	for name, encode := range encodings {
		text, err := encode("Kennzeichen,time,lat,lon\nÖL 12,2026-03-13T10:00:00Z,51.5,4.5\n")
		if err != nil {
			t.Fatal(err)
		}
		rows, notes, err := readAll(driveOf(t, "a.csv", text, "truck=Kennzeichen"))
		if err != nil || len(rows) != 1 || rows[0].Fix.TruckID != safeID("ÖL 12") ||
			!strings.Contains(notes, fmt.Sprintf("%q is ", "ÖL 12")) {
			t.Errorf("%s: %+v, %v, %s", name, rows, err, notes)
		}
	}
}
