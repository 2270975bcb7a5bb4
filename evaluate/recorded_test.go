package evaluate_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"argos"
	"argos/evaluate"
	"argos/io/traceio"
	"argos/truth/truthtest"
)

// TestPublishedFigures: the raw fixes and the baselines are as far off as others have counted, to the last digit that
// they published.
func TestPublishedFigures(t *testing.T) {
	const unpublished = -1
	methods := slices.Concat(evaluate.Ours[:1], evaluate.Baselines)
	clean := evaluate.Run(drives(t, traceio.FixesFile), methods, nil)
	for _, c := range []struct {
		set, method string
		mean, p95   float64
		digits      [2]float64 // half of the last one
	}{
		{"beijing-phone-rtk", "raw", 6.08, 13.7, [2]float64{0.005, 0.05}},
		{"gsdc-chipset-span", "raw", 1.39, 2.57, [2]float64{0.005, 0.005}},
		{"gsdc-wls-span", "raw", 3.52, 8.2, [2]float64{0.005, 0.05}},
		{"gsdc-wls-doppler", "raw", 3.52, 8.2, [2]float64{0.005, 0.05}},
		{"gsdc-wls-sjc", "raw", 11.77, unpublished, [2]float64{0.005, 0}},
		{"hongkong-tst-ublox", "raw", 5.16, unpublished, [2]float64{0.005, 0}},
		{"turin-ekinox", "raw", 1.25, unpublished, [2]float64{0.005, 0}},
		{"beijing-phone-rtk", "exponential 0.5", 11.6, 21.0, [2]float64{0.05, 0.05}},
		{"gsdc-chipset-span", "exponential 0.5", 22.5, 28.6, [2]float64{0.05, 0.05}},
		{"beijing-phone-rtk", "CV", 6.66, 14.8, [2]float64{0.005, 0.05}},
		{"gsdc-chipset-span", "CV", 1.75, 4.0, [2]float64{0.005, 0.05}},
		{"gsdc-wls-span", "CV", 3.22, 7.0, [2]float64{0.005, 0.05}},
		{"beijing-phone-rtk", "CV + RTS", 6.07, 13.6, [2]float64{0.005, 0.05}},
		{"gsdc-wls-span", "CV + RTS", 2.24, 5.1, [2]float64{0.005, 0.05}},
	} {
		s := score(t, clean, c.set, c.method).Errors
		if math.Abs(float64(s.Mean)-c.mean) > c.digits[0] ||
			c.p95 != unpublished && math.Abs(float64(s.P95)-c.p95) > c.digits[1] {
			t.Errorf("%s, %s: %.3f / %.3f, published %v / %v", c.set, c.method, s.Mean, s.P95, c.mean, c.p95)
		}
	}
	corrupt := evaluate.Run(drives(t, "fixes_corrupt.csv"), methods, nil)
	for _, c := range []struct {
		set, method string
		jumps, p95  float64
	}{
		{"beijing-phone-rtk", "raw", 368, 13.5},
		{"gsdc-chipset-span", "raw", 246, 2.6},
		{"beijing-phone-rtk", "exponential 0.5", 213, 24.8},
		{"gsdc-chipset-span", "exponential 0.5", 171, 37.7},
		{"beijing-phone-rtk", "CV", 226, 20.0},
		{"gsdc-chipset-span", "CV", 194, 15.8},
		{"beijing-phone-rtk", "max speed", 27, 13.8},
		{"gsdc-chipset-span", "max speed", 91, 2.8},
	} {
		s := score(t, corrupt, c.set, c.method)
		jumps := math.NaN()
		for _, f := range s.Faults {
			if f.Label == "jump" {
				jumps = float64(f.Mean)
			}
		}
		if !(math.Abs(jumps-c.jumps) < 0.01*c.jumps) || math.Abs(float64(s.Errors.P95)-c.p95) > 0.01*c.p95 {
			t.Errorf(
				"%s, %s: %.1f at the jumps, %.2f; published %v, %v",
				c.set,
				c.method,
				jumps,
				s.Errors.P95,
				c.jumps,
				c.p95,
			)
		}
	}
}

// TestWhatIsAchieved: Argos itself, by the same count: mean errors in metres, live at injected jumps too, and how many
// percent of the fixes are within twice the claimed accuracy. What was aimed at and missed is in docs/CLEANING.md.
func TestWhatIsAchieved(t *testing.T) {
	clean := evaluate.Run(drives(t, traceio.FixesFile), evaluate.Ours, nil)
	corrupt := evaluate.Run(drives(t, "fixes_corrupt.csv"), evaluate.Ours, nil)
	for _, c := range []struct {
		set                   string
		live, smoothed, jumps float64
		claims                float64
	}{
		{"beijing-phone-rtk", 5.3, 4.75, 6.3, 72},
		{"gsdc-chipset-span", 1.4, 1.38, 5, 76},
		{"gsdc-wls-span", 3.1, 2.2, 9.5, 90},
		{"gsdc-wls-doppler", 2.1, 1.6, 2.6, 90},
		{"gsdc-wls-sjc", 11.9, 11.4, 70, 75},
		{"gsdc-chipset-mtv2", 3.0, 2.85, 50, 80},
		{"hongkong-tst-ublox", 4.95, 4.85, 5.2, 85},
		{"riverside-ublox-rtk", 0.58, 0.565, 65, 99},
		{"turin-ekinox", 1.275, 1.275, 200, 75},
		{"smartloc-berlin-ublox", 4.763, 4.763, math.NaN(), 75},
		{"comma2k19-ublox", 2.25, 2.107, math.NaN(), 99},
	} {
		for method, most := range map[string]float64{"live": c.live, "smoothed": c.smoothed} {
			s := score(t, clean, c.set, method)
			if !(float64(s.Errors.Mean) <= most) {
				t.Errorf("%s, %s: %.3f m, more than %v", c.set, method, s.Errors.Mean, most)
			}
			if !(100*float64(s.Within2) >= c.claims) {
				t.Errorf("%s, %s: %.1f %% are within 2 sigma", c.set, method, 100*s.Within2)
			}
		}
		for _, f := range score(t, corrupt, c.set, "live").Faults {
			if f.Label == "jump" && !(float64(f.Mean) <= c.jumps) {
				t.Errorf("%s: %.2f m at the jumps, more than %v", c.set, f.Mean, c.jumps)
			}
		}
	}
}

// TestBetweenSparseFixes: of drives thinned to one fix in 10 s and in 30 s the smoother is no worse, to 1 %, than the
// cubic on what the receiver reported, which is the best of the plain ones.
func TestBetweenSparseFixes(t *testing.T) {
	thin := []time.Duration{10 * time.Second, 30 * time.Second}
	for _, s := range evaluate.Run(drives(t, traceio.FixesFile), nil, thin).Sets {
		for _, b := range s.Between {
			if b.Methods[0].N < 500 { // hongkong: fifteen fixes kept are too few for one percent
				continue
			}
			mean := map[string]float64{}
			for _, m := range b.Methods {
				mean[m.Method] = float64(m.Mean)
			}
			if got, cubic := mean["smoothed"], mean["cubic Hermite"]; !(got <= 1.01*cubic) {
				t.Errorf("%s, one in %v s: %.2f m, the cubic %.2f", s.Set, b.Every, got, cubic)
			}
		}
	}
}

func score(t *testing.T, r *evaluate.Report, set, method string) evaluate.Score {
	t.Helper()
	for _, s := range r.Sets {
		for _, m := range s.Methods {
			if s.Set == set && m.Method == method {
				return m
			}
		}
	}
	t.Fatalf("no %s of %s", method, set)
	return evaluate.Score{}
}

func drives(t *testing.T, fixes string) (all []evaluate.Drive) {
	t.Helper()
	found, err := traceio.Find(truthtest.Sets(t, fixes), fixes)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		one := evaluate.Drive{Set: d.Set(), Name: d.Name}
		rows, err := traceio.Read(d)
		if err != nil {
			t.Fatal(err)
		}
		if one.Truth, err = traceio.Truth(d); err != nil {
			t.Fatal(err)
		}
		if fixes != traceio.FixesFile {
			if one.Faults, err = traceio.Faults(d); err != nil || len(one.Faults) != len(rows) {
				t.Fatal(len(one.Faults), len(rows), err)
			}
		}
		for _, r := range rows {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			one.Records = append(one.Records, argos.Record{Fix: r.Fix, Recorded: true})
		}
		all = append(all, one)
	}
	return all
}
