package plots_test

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos"
	"argos/evaluate"
	"argos/evaluate/plots"
	"argos/truth"
)

// Each drive that can be evaluated can be drawn: a usual one, one whose fixes have no truth, and one that stands still.
func TestDrive(t *testing.T) {
	for name, c := range map[string]struct {
		step  float64 // degrees a second
		after int64   // ms that the fixes are after the truth
	}{"usual": {0.0001, 0}, "unknown": {0.0001, 3_600_000}, "standing": {0, 0}} {
		d := evaluate.Drive{Set: "set", Name: "set_" + name}
		for s := range int64(120) {
			at := argos.LatLon{Lat: 52, Lon: 4 + c.step*float64(s)}
			d.Truth = append(d.Truth, truth.Row{TMs: 1000 * s, Pos: at})
			d.Records = append(d.Records, argos.Record{Fix: argos.NewFix("T", 1000*s+c.after, at.Lat+0.00002, at.Lon), Recorded: true})
		}
		path := filepath.Join(t.TempDir(), name+".png")
		if err := plots.Drive(path, &d); err != nil {
			t.Fatal(name, err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		image, err := png.Decode(f)
		if err != nil || image.Bounds().Dx() != 1600 || image.Bounds().Dy() != 1100 {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("%s: left are %v", name, left)
		}
	}
	err := plots.Drive(filepath.Join(t.TempDir(), "none", "a.png"), &evaluate.Drive{Name: "d", Truth: truth.Track{{}}})
	if err == nil || !strings.Contains(err.Error(), "draw drive d: ") {
		t.Error(err)
	}
}
