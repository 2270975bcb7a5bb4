package traceio_test

import (
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/stat"

	"argos"
	"argos/io/traceio"
	"argos/truth"
)

// recorded returns the folder of real drives, which is no part of the repository.
func recorded(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ARGOS_TRACES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "traces")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recorded drives here: set ARGOS_TRACES to their folder")
	}
	return dir
}

// TestRecordedDrives: every row of the real drives is a fix, and the raw errors are those that others counted.
func TestRecordedDrives(t *testing.T) {
	dir := recorded(t)
	for _, c := range []struct {
		set       string
		mean, p95 float64 // metres, published beside the sets
	}{
		{"beijing-phone-rtk", 6.08, 13.7},
		{"gsdc-chipset-span", 1.39, 2.57},
		{"gsdc-wls-span", 3.52, 8.2},
		{"gsdc-wls-doppler", 3.52, 8.2},
	} {
		drives, err := traceio.Find([]string{filepath.Join(dir, c.set)}, traceio.FixesFile)
		if err != nil {
			t.Error(err)
			continue
		}
		var means, p95s []float64
		for _, d := range drives {
			rows, err := traceio.Read(d)
			if err != nil {
				t.Fatal(err)
			}
			track, err := traceio.Truth(d)
			if err != nil {
				t.Fatal(err)
			}
			at := track.Settled()
			var s truth.Score
			for _, r := range rows {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				pos, known := at(r.Fix.Time)
				s.Add(&r.Fix, argos.LatLon{Lat: r.Fix.Lat, Lon: r.Fix.Lon}, pos, known)
			}
			means, p95s = append(means, s.Raw.Mean()), append(p95s, s.Raw.P95())
			t.Logf("%s: %d rows, %d scored, mean %.3f, p95 %.2f", d.Name, len(rows), s.Raw.N(), s.Raw.Mean(), s.Raw.P95())
		}
		mean, p95 := stat.Mean(means, nil), stat.Mean(p95s, nil)
		if abs(mean-c.mean) > 0.005 || abs(p95-c.p95) > 0.05 {
			t.Errorf("%s: mean %.3f, p95 %.2f; published %.2f, %.2f", c.set, mean, p95, c.mean, c.p95)
		}
	}
	drives, err := traceio.Find([]string{dir}, "fixes_corrupt.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drives {
		rows, err := traceio.Read(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }
