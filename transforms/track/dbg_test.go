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
	Recipe.Along, Recipe.Across, Recipe.Reflected = .3, .3, .25
	var k Track
	var doc argos.Truck
	n := 0
	for i, row := range rows(t, filepath.Join(dir, "fixes.csv")) {
		r := recordOf(row)
		k.Fold(&r, argos.Pos{Next: int64(i) + 1})
		k.Fill(&doc)
		at, ok := truthAt(tr, os.Getenv("RTK") != "", row["t_ms"])
		if !ok {
			continue
		}
		e := metres(at, argos.LatLon{Lat: doc.Lat, Lon: doc.Lon})
		d := &k.live.device
		a, b := d.lag()
		n++
		if n%12 == 1 || n < 20 {
			fmt.Printf("%d t %.0f hdop %.2f v %.1f err %.1f raw %.1f acc %.1f white %.2f slow %.2f slope %.2f lag %.2f %.2f b %.1f %.1f used %d rej %d\n", i, math.Mod(row["t_ms"]/1000, 10000), row["hdop"], row["speed_mps"], e, metres(at, argos.LatLon{Lat: r.Lat, Lon: r.Lon}), doc.Accuracy, math.Sqrt(float64(d.white)), math.Sqrt(float64(d.slow)), math.Sqrt(d.bias()), d.slope(), a, b, k.live.kf.X[4], k.live.kf.X[5], doc.Fixes, doc.Rejected)
		}
	}
}
