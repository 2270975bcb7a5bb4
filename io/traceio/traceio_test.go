package traceio_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/io/traceio"
	"argos/truth"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	for _, f := range []string{
		"sets/b-set/drive 2/fixes.csv", "sets/b-set/drive 1/fixes.csv", "sets/b-set/drive 1/inner/fixes.csv",
		"sets/a-set/x/fixes.csv", "sets/a-set/x/other.csv", "sets/a-set/SOURCE.md", "sets/empty/note.txt",
		"again/a-set/x/fixes.csv", "deep/1/2/3/4/fixes.csv", "x/" + strings.Repeat("long", 20) + "/fixes.csv",
	} {
		write(t, filepath.Join(top, f), "t_ms,lat,lon\n1,2,3\n")
	}
	for _, c := range []struct {
		paths string
		fixes string
		want  string // names, or the error
	}{
		{"sets", "fixes.csv", "a-set_x b-set_drive-1-eeecf265b3 b-set_drive-2-56c8f8ab39"},
		{"sets/b-set", "fixes.csv", "b-set_drive-1-eeecf265b3 b-set_drive-2-56c8f8ab39"},
		{"sets/b-set/drive 2 sets/a-set", "fixes.csv", "b-set_drive-2-56c8f8ab39 a-set_x"},
		{"sets/a-set/x/other.csv", "fixes.csv", "a-set_x"},
		{"sets", "other.csv", "a-set_x"},
		{"sets/empty", "fixes.csv", "no drive at"},
		{"sets/none", "fixes.csv", "no such file"},
		{"deep", "fixes.csv", "no drive at"},
		{"sets/a-set again/a-set", "fixes.csv", "have the same name a-set_x"},
		{"sets/a-set sets", "fixes.csv", "have the same name a-set_x"},
		{"x", "fixes.csv", "x_longlonglonglonglonglonglonglonglonglonglonglonglon-4a3531e10c"},
	} {
		var paths []string
		for _, p := range strings.Split(strings.ReplaceAll(c.paths, "drive 2", "drive%2"), " ") {
			paths = append(paths, filepath.Join(top, strings.ReplaceAll(p, "%", " ")))
		}
		drives, err := traceio.Find(paths, c.fixes)
		var names []string
		for _, d := range drives {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); err == nil && got != c.want ||
			err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want %q", c.paths, got, err, c.want)
		}
	}
}

// A last line that has all its fields is one, newline or not.
func TestLastRowWithoutNewline(t *testing.T) {
	path := write(
		t,
		filepath.Join(t.TempDir(), "set", "d", "fixes.csv"),
		"t_ms,lat,lon\n1700000001000,51.5,4.25\n1700000002000,51.5,4.25",
	)
	rows, err := traceio.Read(traceio.Drive{Name: "set_d", Fixes: path})
	if err != nil || len(rows) != 2 || rows[1].Err != nil || rows[1].Fix.Time != 1_700_000_002_000 {
		t.Fatal(rows, err)
	}
}

func TestRows(t *testing.T) {
	path := write(
		t,
		filepath.Join(t.TempDir(), "set", "d", "fixes.csv"),
		"\ufefffix_q,sats,t_ms,lat,lon,accuracy_m,speed_mps,course_deg,hdop,alt_m\r\n"+
			"1,9,1700000001000,51.5,4.25,3.5,2,90,0.9,-32\r\n"+
			"0,,1700000002000,51.5,4.25,,,,127,\n"+
			"\n"+
			",,1700000003000,51.5,4.25,,,,,\n"+
			"1,9,1700000004000,91,4.25,,,,,\n"+
			"1,9,1700000005000,51.5,,,,,,\n"+
			"1,9,1700000006000,51.5,4.25,,-1,,,\n"+
			"1,9,1700000007000,51.5,4.25,,nan,,,\n"+
			"1,9,1700000008000,51.5\n"+
			"1,9,when,51.5,4.25,,,,,\n"+
			"\x00\xff,\"1\n"+
			strings.Repeat("9,", 40_000)+"\n"+
			"1,9,1700000009000,51.5,4.25,,,,,\n"+
			"1,9,1700000010000,51.5,4.25,,,,",
	)
	rows, err := traceio.Read(traceio.Drive{Name: "set_d", Fixes: path})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ tMs, err string }{
		{"1700000001000", ""},
		{"1700000002000", ""},
		{"1700000003000", ""},
		{"1700000004000", "line 6: bad fix: lat 91"},
		{"1700000005000", "line 7: lon is blank"},
		{"1700000006000", ""},
		{"1700000007000", ""},
		{"1700000008000", "line 10: 4 fields under a header of 10"},
		{"when", "line 11: t_ms \"when\" is not a whole number"},
		{"", "line 12: 2 fields"},
		{"", "line 13: the line is longer"},
		{"1700000009000", ""},
		{"1700000010000", "line 15: the last line is half-written"},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, r := range rows {
		if r.N != i || r.TMs != want[i].tMs || (r.Err == nil) != (want[i].err == "") ||
			r.Err != nil && (!strings.Contains(r.Err.Error(), want[i].err) || !strings.Contains(r.Err.Error(), path)) {
			t.Errorf("row %d: N %d, t_ms %q, %v; want %+v", i, r.N, r.TMs, r.Err, want[i])
		}
		if r.Err == nil &&
			(r.Fix.TruckID != "set_d" || r.Fix.Seq != int64(i) || r.Fix.Lat != 51.5 || r.Fix.Lon != 4.25) {
			t.Errorf("row %d: %+v", i, r.Fix)
		}
	}
	if f := rows[0].Fix; f.Speed != 2 || f.Heading != 90 || f.HDOP != 0.9 || f.Alt != -32 || f.Accuracy != 3.5 ||
		!f.Valid {
		t.Errorf("%+v", f)
	}
	if f := rows[1].Fix; f.Valid || !math.IsNaN(f.HDOP) || !math.IsNaN(f.Speed+f.Heading) || !math.IsNaN(f.Accuracy) ||
		!math.IsNaN(f.Alt) {
		t.Errorf("%+v", f)
	}
	for _, i := range []int{5, 6} { // a speed of -1 or nan is none
		if f := rows[i].Fix; !math.IsNaN(f.Speed) {
			t.Errorf("%+v", f)
		}
	}
	if !rows[2].Fix.Valid {
		t.Error("a blank fix_q is no verdict")
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	if _, err := traceio.Open(traceio.Drive{Fixes: filepath.Join(dir, "none.csv")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := traceio.Open(traceio.Drive{Fixes: dir}); err == nil {
		t.Error("a folder was opened")
	}
	for content, want := range map[string]string{
		"":                "is empty",
		"\n\n":            "is empty",
		"t_ms,lat,lon":    "has no rows",
		"t_ms,lat,lon\n":  "has no rows",
		"t_ms,lat\n1,2\n": `its header "t_ms,lat" has no usual name of the lon`,
		"t_ms,lat,lon,lat\n1700000000000,2,3,4\n": `column "lat" twice`,
		"\x00\x01\xff\xfe\n":                      "has no usual name of the lat",
		strings.Repeat("x", 70000) + "\n":         "longer than",
	} {
		path := write(t, filepath.Join(dir, "fixes.csv"), content)
		_, err := traceio.Open(traceio.Drive{Fixes: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: %v, want %q", content, err, want)
		}
	}
}

func TestTruthTakesWhatIsTrue(t *testing.T) {
	at := func(tMs int64, lat float64) truth.Row {
		return truth.Row{TMs: tMs, Pos: argos.LatLon{Lat: lat, Lon: 1}}
	}
	for name, c := range map[string]struct {
		csv  string
		want truth.Track
		err  string
	}{
		"quality":   {"t_ms,lat,lon,fix_q\n2,2,1,4\n1,1,1,4\n3,3,1,5\n4,4,1,2\n", truth.Track{at(1, 1), at(2, 2)}, ""},
		"constant":  {"t_ms,lat,lon,fix_q\n1,1,1,1\n2,2,1,1\n3,3,1,0\n", truth.Track{at(1, 1), at(2, 2)}, ""},
		"word":      {"t_ms,lat,lon,fix_q\n1,1,1,span\n", truth.Track{at(1, 1)}, ""},
		"none":      {"t_ms,lat,lon\n1,1,1\n", truth.Track{at(1, 1)}, ""},
		"torn":      {"t_ms,lat,lon\n1,1,1\n2,2", truth.Track{at(1, 1)}, ""},
		"damaged":   {"t_ms,lat,lon\n1,1,1\n2,x,1\n", nil, "line 3: lat \"x\""},
		"off earth": {"t_ms,lat,lon\n1,99,1\n", nil, "line 2: bad fix: lat 99"},
		"short":     {"t_ms,lat,lon\n1,99\n", nil, "line 2: 2 fields"},
	} {
		path := write(t, filepath.Join(t.TempDir(), "truth.csv"), c.csv)
		got, err := traceio.Truth(traceio.Drive{Truth: path})
		if c.err == "" && (err != nil || !slices.Equal(got, c.want)) ||
			c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v, %v; want %v, %q", name, got, err, c.want, c.err)
		}
	}
	if track, err := traceio.Truth(traceio.Drive{Truth: filepath.Join(t.TempDir(), "none.csv")}); err != nil ||
		track != nil {
		t.Errorf("no truth: %v, %v", track, err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	maybe := func(t *rapid.T, name string, least, most float64) float64 {
		if rapid.Bool().Draw(t, "has "+name) {
			return rapid.Float64Range(least, most).Draw(t, name)
		}
		return math.NaN()
	}
	rapid.Check(t, func(rt *rapid.T) {
		var out bytes.Buffer
		w, err := traceio.NewWriter(&out)
		if err != nil {
			rt.Fatal(err)
		}
		var want []argos.Fix
		for i := range rapid.IntRange(1, 5).Draw(rt, "rows") {
			f := argos.NewFix("set_d", rapid.Int64Range(1e12, 4e12).Draw(rt, "t"),
				rapid.Float64Range(-90, 90).Draw(rt, "lat"), rapid.Float64Range(-180, 180).Draw(rt, "lon"))
			f.Seq, f.Valid = int64(i), rapid.Bool().Draw(rt, "valid")
			f.Alt, f.Speed, f.Heading = maybe(
				rt,
				"alt",
				-20000,
				1e5,
			), maybe(
				rt,
				"speed",
				0,
				1000,
			), maybe(
				rt,
				"heading",
				0,
				360,
			)
			f.HDOP, f.Accuracy = maybe(rt, "hdop", 1e-9, argos.MaxHDOP), maybe(rt, "accuracy", 1e-9, argos.MaxAccuracy)
			want = append(want, f)
			if err := w.Write(&f); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			rt.Fatal(err)
		}
		rows, err := traceio.Read(
			traceio.Drive{Name: "set_d", Fixes: write(t, filepath.Join(dir, "fixes.csv"), out.String())},
		)
		if err != nil || len(rows) != len(want) {
			rt.Fatalf("%d rows of %d, %v", len(rows), len(want), err)
		}
		for i, r := range rows {
			if r.Err != nil || !same(r.Fix, want[i]) {
				rt.Fatalf("%+v became %+v, %v", want[i], r.Fix, r.Err)
			}
		}
	})
}

// same compares with NaN equal to itself.
func same(a, b argos.Fix) bool {
	bits := func(f *argos.Fix) (b [7]uint64) {
		for i, x := range [...]float64{f.Lat, f.Lon, f.Alt, f.Speed, f.Heading, f.HDOP, f.Accuracy} {
			if b[i] = math.Float64bits(x); math.IsNaN(x) {
				b[i] = 1
			}
		}
		return b
	}
	return bits(&a) == bits(&b) && a.TruckID == b.TruckID && a.Time == b.Time && a.Seq == b.Seq && a.Valid == b.Valid
}
