package track

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos"
)

// labels reads what was done to each row of a drive's fixes_corrupt.csv.
func labels(t testing.TB, dir string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "faults.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range all[1:] {
		out = append(out, line[1])
	}
	return out
}

// corrupt folds a drive with injected faults. It returns the document's mean error at the jumps, and its 95th
// percentile at the untouched fixes, both where the document speaks of the fix's time.
func corrupt(t testing.TB, dir string) (jumps, untouched float64) {
	t.Helper()
	truth := rows(t, filepath.Join(dir, "truth.csv"))
	rtk := strings.Contains(dir, "beijing-phone-rtk")
	var tr Track
	var doc argos.Truck
	var atJumps, atOthers []float64
	label := labels(t, dir)
	for i, row := range rows(t, filepath.Join(dir, "fixes_corrupt.csv")) {
		r := recordOf(row)
		tr.Fold(&r, argos.Pos{Next: int64(i) + 1})
		at, ok := truthAt(truth, rtk, row["t_ms"])
		if !ok || !r.Valid {
			continue
		}
		tr.Fill(&doc)
		e := metres(at, argos.LatLon{Lat: doc.Lat, Lon: doc.Lon})
		switch label[i] {
		case "jump":
			atJumps = append(atJumps, e)
		case "ok":
			atOthers = append(atOthers, e)
		}
	}
	if len(atJumps) == 0 {
		return math.NaN(), summarise(atOthers).p95
	}
	return summarise(atJumps).mean, summarise(atOthers).p95
}
