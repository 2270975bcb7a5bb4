package track

import (
	"argos"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestDbg(t *testing.T) {
	dir := filepath.Join(traces(t), os.Getenv("DRV"))
	tr := rows(t, filepath.Join(dir, "truth.csv"))
	lab := labels(t, dir)
	var k Track
	var doc argos.Truck
	nw := 0.0
	for i, row := range rows(t, filepath.Join(dir, "fixes_corrupt.csv")) {
		r := recordOf(row)
		k.Fold(&r, argos.Pos{Next: int64(i) + 1})
		k.Fill(&doc)
		at, ok := truthAt(tr, os.Getenv("RTK") != "", row["t_ms"])
		if !ok {
			continue
		}
		e := metres(at, argos.LatLon{Lat: doc.Lat, Lon: doc.Lon})
		if (lab[i] == "jump") && row["t_ms"] > nw {
			d := &k.live.device
			fmt.Printf("%d %s dt %.0f v %.1f err %.1f raw %.1f acc %.1f white %.2f slow %.2f good %d run %d rej %d doc-t %d\n", i, lab[i], (row["t_ms"]-nw)/1000, row["speed_mps"], e, metres(at, argos.LatLon{Lat: r.Lat, Lon: r.Lon}), doc.Accuracy, math.Sqrt(float64(d.white)), math.Sqrt(float64(d.slow)), k.live.good, k.live.run, doc.Rejected, doc.Time-r.Time)
		}
		if row["t_ms"] > nw {
			nw = row["t_ms"]
		}
	}
}
