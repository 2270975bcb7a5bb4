package pipelines

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/io/traceio"
)

// sparse is a drive eastwards at 10 m/s with a fix in five seconds, a gap of ten minutes, a row of a wrong clock, a
// repeated one and one that is none.
func sparse() string {
	var b strings.Builder
	b.WriteString("t_ms,lat,lon,speed_mps,course_deg\n")
	row := func(s int64) {
		fmt.Fprintf(&b, "%d,51.9,%.7f,10,90\n", 1_700_000_000_000+1000*s, 4.5+float64(s)*10/68_700)
	}
	for s := int64(0); s < 60; s += 5 {
		row(s)
	}
	b.WriteString("1700000055000,51.9,4.6,10,90\n1700086400000,51.9,4.5,10,90\nnonsense,51.9,4.5,,\n")
	for s := int64(700); s < 760; s += 5 {
		row(s)
	}
	return b.String()
}

func cleaned(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatal(len(rows), err)
	}
	return rows
}

// The smoother answers the same rows, in the same columns and order, as the live filter does.
func TestSmoothAnswersTheSameRows(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "d")
	write(t, filepath.Join(drive, "fixes.csv"), sparse())
	var rows [2][][]string
	for i, causal := range []bool{true, false} {
		out := t.TempDir()
		var tally Tally
		n, err := Smooth(
			t.Context(),
			SmoothConfig{
				Paths:  []string{drive},
				Fixes:  "fixes.csv",
				Out:    out,
				Format: "csv",
				Causal: causal,
				Tally:  &tally,
			},
		)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if c := tally.Counts(); c.Rows != 27 || c.Refused != 1 || c.Done != 1 || c.Bytes != c.Size {
			t.Errorf("%+v", c)
		}
		rows[i] = cleaned(t, filepath.Join(out, "set_d.csv"))
		left, _ := os.ReadDir(out)
		if len(left) != 1 {
			t.Errorf("in the folder are %v", left)
		}
	}
	causal, smoothed := rows[0], rows[1]
	if len(causal) != 28 || len(smoothed) != 28 {
		t.Fatalf("%d rows and %d", len(causal), len(smoothed))
	}
	for i := range causal {
		if causal[i][0] != smoothed[i][0] || (causal[i][6] == "refused") != (smoothed[i][6] == "refused") ||
			smoothed[i][1] == "" {
			t.Errorf("row %d: live %v, smoothed %v", i, causal[i], smoothed[i])
		}
	}
}

// Between fixes the truck is where its speed brought it; in the gap it is nowhere.
func TestSmoothEvery(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "d")
	write(t, filepath.Join(drive, "fixes.csv"), sparse())
	out := t.TempDir()
	cfg := SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: "csv", Every: time.Second}
	if _, err := Smooth(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	rows := cleaned(t, filepath.Join(out, "set_d.csv"))[1:]
	last := int64(0)
	for _, r := range rows {
		var ms int64
		var lat, lon float64
		if _, err := fmt.Sscan(r[0]+" "+r[1]+" "+r[2], &ms, &lat, &lon); err != nil {
			t.Fatal(r, err)
		}
		s := (ms - 1_700_000_000_000) / 1000
		if ms%1000 != 0 || ms <= last || s > 55 && s < 700 || s > 755 {
			t.Errorf("a row at %d s after %d", s, last)
		}
		if east := (lon - 4.5) * 68_700; east-float64(10*s) > 15 || float64(10*s)-east > 15 {
			t.Errorf("at %d s the truck is %.1f m on its way", s, east)
		}
		last = ms
	}
	if len(rows) < 100 || len(rows) > 112 {
		t.Errorf("%d rows", len(rows))
	}
}

// What is written as GPX is read again, and GeoJSON is what it should be; both in two pieces.
func TestSmoothFormats(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "d")
	write(t, filepath.Join(drive, "fixes.csv"), sparse())
	out := t.TempDir()
	for _, format := range []string{"gpx", "geojson"} {
		if _, err := Smooth(t.Context(), SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: format}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "set_d.gpx"))
	if n := strings.Count(string(text), "<trkseg>"); err != nil || n != 2 {
		t.Errorf("%d segments, %v", n, err)
	}
	rows, err := traceio.Read(traceio.Drive{Name: "d", Fixes: filepath.Join(out, "set_d.gpx")})
	if err != nil || len(rows) != 24 || rows[23].Err != nil || rows[23].Fix.Time != 1_700_000_755_000 ||
		rows[23].Fix.Speed < 5 {
		t.Errorf("%d points, %v", len(rows), err)
	}
	text, err = os.ReadFile(filepath.Join(out, "set_d.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Type     string
		Features []struct {
			Properties struct{ Times, Status []string }
			Geometry   struct {
				Type        string
				Coordinates [][2]float64
			}
		}
	}
	if err := json.Unmarshal(text, &all); err != nil || all.Type != "FeatureCollection" || len(all.Features) != 2 {
		t.Fatalf("%v: %.300s", err, text)
	}
	for _, f := range all.Features {
		if f.Geometry.Type != "LineString" || len(f.Geometry.Coordinates) != 12 || len(f.Properties.Times) != 12 ||
			f.Geometry.Coordinates[0][1] < 51 {
			t.Errorf("%+v", f)
		}
	}
}

// Each truck of a file that names them has its own file, with its own rows.
func TestSmoothTrucksOfOneFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fleet", "day.csv")
	write(
		t,
		file,
		"device_id,timestamp,latitude,longitude\nA 1,1700000000,51.9,4.5\nB,1700000000,51.9,4.6\nA 1,1700000001,51.9,north\n"+
			",1700000001,51.9,4.5\nB,1700000001,51.9,4.6\nB,1700000002,51.9,4.6\n",
	)
	for _, causal := range []bool{true, false} {
		out := t.TempDir()
		if _, err := Smooth(t.Context(), SmoothConfig{Paths: []string{file}, Fixes: "fixes.csv", Out: out, Format: "csv", Causal: causal}); err != nil {
			t.Fatal(err)
		}
		a := cleaned(t, filepath.Join(out, "fleet_day_A-1-937bb40e81.csv"))
		b := cleaned(t, filepath.Join(out, "fleet_day_B.csv"))
		if len(a) != 3 ||
			len(b) != 4 ||
			a[2][6] != "refused" ||
			b[3][0] != "1700000002000" {
			t.Errorf("%v\n%v", a, b)
		}
	}
}

// A job that is stopped leaves no file that looks whole.
func TestSmoothStopped(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "d")
	write(t, filepath.Join(drive, "fixes.csv"), sparse())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	out := t.TempDir()
	_, err := Smooth(ctx, SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: "csv"})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "*")); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

// A job that is stopped while it writes leaves nothing, whether its function comes to its end or not.
func TestSmoothStoppedMidway(t *testing.T) {
	out := t.TempDir()
	empty := func(when string) {
		if left, _ := os.ReadDir(out); len(left) != 0 {
			t.Errorf("%s: left are %v", when, left)
		}
	}
	end := new(Tally).follow(t.Context(), t.Name())
	defer end()
	f := smoothFn{Job: t.Name(), Out: out, Format: "csv"}
	row := traceio.Row{Fix: argos.NewFix("T", 1_700_000_000_000, 40, 10)}
	err := f.write(tallyOf(t.Context(), f.Job), "d", func(yield func(traceio.Row, error) bool) {
		if left, _ := os.ReadDir(out); len(left) != 1 {
			t.Errorf("being written are %v", left)
		}
		if yield(row, nil) {
			end()
			empty("at the stop")
			yield(row, nil)
		}
	}, causal)
	if !errors.Is(err, errEnded) {
		t.Error(err)
	}
	empty("at the end")
}

// A file that can't be written to the end is not there, and the error says why.
func TestSmoothCannotWrite(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "d")
	write(t, filepath.Join(drive, "fixes.csv"), sparse())
	out := t.TempDir()
	write(t, filepath.Join(out, "set_d.csv", "in the way"), "")
	_, err := Smooth(t.Context(), SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: "csv"})
	if err == nil || !strings.Contains(err.Error(), "write what drive set_d is cleaned to") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(out); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
}
