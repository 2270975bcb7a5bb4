package baselines_test

import (
	"math"
	"testing"

	"argos"
	"argos/evaluate/baselines"
	"argos/truth"
)

var all = map[string]func([]argos.Fix) []argos.LatLon{
	"exponential": baselines.Exponential, "max speed": baselines.MaxSpeed,
	"CV": baselines.ConstantVelocity, "CV + RTS": baselines.ConstantVelocitySmoothed,
	"rosshemsley": baselines.Rosshemsley, "rosshemsley RTS": baselines.RosshemsleySmoothed,
}

// drive goes east at 10 m/s at latitude 52, and stands for a minute at first.
func drive() (fixes []argos.Fix) {
	for s := range 180 {
		x := float64(max(0, s-60)) * 10
		fixes = append(fixes, argos.NewFix("T", int64(s)*1000, 52, 4+x/68_678))
	}
	return fixes
}

// Each comes to the truth where the truck stands, and all but exponential smoothing where it drives; that lags by a
// second.
func TestSteadyDrive(t *testing.T) {
	fixes := drive()
	for name, run := range all {
		at := run(fixes)
		if len(at) != len(fixes) {
			t.Fatalf("%s: %d answers", name, len(at))
		}
		off := func(i int) float64 { return truth.Distance(at[i], argos.LatLon{Lat: fixes[i].Lat, Lon: fixes[i].Lon}) }
		if off(40) > 0.2 {
			t.Errorf("%s stands %.2f m off", name, off(40))
		}
		if want := map[string]float64{"exponential": 10}[name]; math.Abs(off(170)-want) > 0.3 {
			t.Errorf("%s drives %.2f m off, want %.0f", name, off(170), want)
		}
		if got := run(nil); len(got) != 0 {
			t.Errorf("%s of nothing: %v", name, got)
		}
	}
}

// The smoother is the batch least-squares estimate, so it must not be worse than the filter on what both model.
func TestSmoothedIsBetter(t *testing.T) {
	fixes := drive()
	true_ := drive()
	state := uint32(1)
	for i := range fixes { // reproducible noise of some metres
		for _, x := range []*float64{&fixes[i].Lat, &fixes[i].Lon} {
			state = state*1664525 + 1013904223
			*x += (float64(state)/math.MaxUint32 - 0.5) * 20 / 111_000
		}
	}
	mean := func(at []argos.LatLon) (sum float64) {
		for i := range at {
			sum += truth.Distance(at[i], argos.LatLon{Lat: true_[i].Lat, Lon: true_[i].Lon}) / float64(len(at))
		}
		return sum
	}
	for _, c := range [][2]string{{"CV", "CV + RTS"}, {"rosshemsley", "rosshemsley RTS"}} {
		filter, smoother := mean(all[c[0]](fixes)), mean(all[c[1]](fixes))
		if smoother > 0.9*filter {
			t.Errorf("%s %.2f m, %s %.2f m", c[0], filter, c[1], smoother)
		}
	}
}

// A jump is not believed, and the truck is found again after it.
func TestMaxSpeedLeavesJumpsOut(t *testing.T) {
	fixes := drive()
	fixes[100].Lat += 0.01
	fixes[101].Lat, fixes[101].Lon = 0, 0
	at := baselines.MaxSpeed(fixes)
	if at[100] != at[99] || at[101] != at[99] || at[102].Lat != fixes[102].Lat {
		t.Error(at[99:103])
	}
}
