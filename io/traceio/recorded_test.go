package traceio_test

import (
	"math"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/stat"

	"argos"
	"argos/io/traceio"
	"argos/truth"
	"argos/truth/truthtest"
)

// TestRecordedDrives: every row of the real drives is a fix, and the raw errors are those that others counted.
func TestRecordedDrives(t *testing.T) {
	for _, c := range []struct {
		set       string
		mean, p95 float64 // metres, published beside the sets
	}{
		{"beijing-phone-rtk", 6.08, 13.7},
		{"gsdc-chipset-span", 1.39, 2.57},
		{"gsdc-wls-span", 3.52, 8.2},
		{"gsdc-wls-doppler", 3.52, 8.2},
	} {
		drives, err := traceio.Find([]string{truthtest.Path(t, c.set)}, traceio.FixesFile)
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
			t.Logf(
				"%s: %d rows, %d scored, mean %.3f, p95 %.2f",
				d.Name,
				len(rows),
				s.Raw.N(),
				s.Raw.Mean(),
				s.Raw.P95(),
			)
		}
		mean, p95 := stat.Mean(means, nil), stat.Mean(p95s, nil)
		if abs(mean-c.mean) > 0.005 || abs(p95-c.p95) > 0.05 {
			t.Errorf("%s: mean %.3f, p95 %.2f; published %.2f, %.2f", c.set, mean, p95, c.mean, c.p95)
		}
	}
	drives, err := traceio.Find(truthtest.Sets(t, "fixes_corrupt.csv"), "fixes_corrupt.csv")
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

// TestRecordedSentences: the receivers' own logs say what others made of them.
func TestRecordedSentences(t *testing.T) {
	logs, _ := filepath.Glob(filepath.Join(truthtest.Path(t, "beijing-phone-rtk"), "*", "*.nmea"))
	if len(logs) != 4 {
		t.Errorf("%d logs", len(logs))
	}
	for _, log := range logs {
		want, err := traceio.Read(traceio.Drive{Name: "d", Fixes: filepath.Join(filepath.Dir(log), "fixes.csv")})
		if err != nil {
			t.Fatal(err)
		}
		all, err := traceio.Read(traceio.Drive{Name: "d", Fixes: log})
		if err != nil {
			t.Fatal(err)
		}
		var rows []traceio.Row
		for _, r := range all {
			if r.Err == nil {
				rows = append(rows, r)
			} else {
				t.Log(r.Err)
			}
		}
		if len(rows) != len(want) {
			t.Errorf("%s: %d fixes, %d in %s", log, len(rows), len(want), traceio.FixesFile)
		}
		for i := range min(len(rows), len(want)) {
			a, b := rows[i].Fix, want[i].Fix
			if a.Time != b.Time || abs(a.Lat-b.Lat) > 1e-8 || abs(a.Lon-b.Lon) > 1e-8 || abs(a.Speed-b.Speed) > 1e-3 ||
				!(a.HDOP == b.HDOP || math.IsNaN(a.HDOP) && math.IsNaN(b.HDOP)) ||
				a.Valid != b.Valid {
				t.Fatalf("%s, row %d:\n%+v\n%+v", log, i, a, b)
			}
		}
	}
}

// TestRecordedElsewhere: files that others recorded for themselves can be read as they are, with their columns named.
func TestRecordedElsewhere(t *testing.T) {
	for _, c := range []struct {
		file         string
		columns      traceio.Columns
		rows, trucks int
	}{
		{"buses-capmetro/2016-12-16.csv", nil, 34_501, 279},
		{"trucks-jerseycity/positions_poll_order.csv", traceio.Columns{"time": "time_local:America/New_York"}, 99_750, 70},
		{
			"delivery-goal/trajectories.csv",
			traceio.Columns{"truck": "trajectory", "time": "timestamp:rel", "lat": "y_m:m", "lon": "x_m:m"},
			28_944, 402,
		},
	} {
		rows, err := traceio.Read(traceio.Drive{Name: "d", Fixes: truthtest.Path(t, c.file), Columns: c.columns})
		if err != nil {
			t.Error(err)
			continue
		}
		trucks, bad := map[string]bool{}, 0
		for _, r := range rows {
			trucks[r.Fix.TruckID] = true
			if r.Err != nil {
				bad++
			}
		}
		if bad > 0 || len(rows) != c.rows || len(trucks) != c.trucks {
			t.Errorf(
				"%s: %d rows of %d trucks, %d bad; want %d of %d",
				c.file,
				len(rows),
				len(trucks),
				bad,
				c.rows,
				c.trucks,
			)
		}
	}
}
