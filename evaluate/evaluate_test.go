package evaluate_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/evaluate"
	"argos/truth"
)

const start = 1_767_225_600_000

// eastwards is a drive at 10 m/s on the equator, with a fix and a row of truth a second. A metre east is 1/111319.49
// degrees.
func eastwards(seconds int) evaluate.Drive {
	d := evaluate.Drive{Set: "set", Name: "set_d"}
	for s := range seconds {
		at := argos.LatLon{Lon: float64(s) * 10 / 111_319.4908}
		d.Truth = append(d.Truth, truth.Row{TMs: start + int64(s)*1000, Pos: at})
		f := argos.NewFix("T", start+int64(s)*1000, at.Lat, at.Lon)
		f.Speed, f.Heading = 10, 90
		d.Records = append(d.Records, argos.Record{Fix: f, Recorded: true})
	}
	return d
}

// offset answers with the raw fixes, so many metres east of where they are.
func offset(metres, sigma float64) evaluate.Method {
	return evaluate.Method{Name: "offset", Run: func(records []argos.Record) []evaluate.Answer {
		var out []evaluate.Answer
		for _, r := range records {
			out = append(
				out,
				evaluate.Answer{LatLon: argos.LatLon{Lat: r.Lat, Lon: r.Lon + metres/111_319.4908}, Sigma: sigma},
			)
		}
		return out
	}}
}

func near(a evaluate.Number, b float64) bool { return math.Abs(float64(a)-b) < 1e-6 }

func TestWhatIsCounted(t *testing.T) {
	d := eastwards(20)
	d.Records[3].Valid = false
	repeated, old := d.Records[5], d.Records[1]
	d.Records = append(d.Records[:6:6], append([]argos.Record{repeated, old}, d.Records[6:]...)...)
	wrong := d.Records[9]
	wrong.Time += 86_400_000
	d.Records[9] = wrong // number 7 of the drive
	var got []int
	for _, c := range d.Counted() {
		got = append(got, c.I)
	}
	// The first row is not settled yet.
	want := []int{1, 2, 4, 5, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21}
	if len(got) != len(want) {
		t.Fatalf("counted %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("counted %v, want %v", got, want)
		}
	}
}

func TestErrorsLagAndHonesty(t *testing.T) {
	d := eastwards(50)
	r := evaluate.Run([]evaluate.Drive{d}, []evaluate.Method{offset(-4, 3), offset(2, 1), offset(0.5, 1)}, nil)
	m := r.Drives[0].Methods
	if s := m[0]; s.Errors.N != 49 || !near(s.Errors.Mean, 4) || !near(s.Errors.P50, 4) ||
		!near(s.Errors.P95, 4) || !near(s.Errors.Max, 4) ||
		!near(s.LagM, 4) || !near(s.LagS, 0.4) || s.Within1 != 0 ||
		s.Within2 != 1 {
		t.Errorf("4 m behind: %+v", s)
	}
	if s := m[1]; !near(s.LagM, -2) || !near(s.LagS, -0.2) || s.Within1 != 0 {
		t.Errorf("2 m ahead: %+v", s)
	}
	if s := m[2]; s.Within1 != 1 || s.Within2 != 1 {
		t.Errorf("half a metre: %+v", s)
	}
}

// Faults are counted apart by their label, and sets are means of their drives however long these are.
func TestFaultsAndSets(t *testing.T) {
	a, b := eastwards(11), eastwards(101)
	b.Name = "set_e"
	for i := range a.Records {
		a.Faults = append(a.Faults, evaluate.Ok)
		a.Records[i].Lat += 1 / 110_574.3 // a metre north
	}
	for range b.Records {
		b.Faults = append(b.Faults, evaluate.Ok)
	}
	b.Faults[50] = "jump"
	b.Records[50].Lat += 0.001
	r := evaluate.Run([]evaluate.Drive{a, b}, evaluate.Ours[:1], nil)
	if len(r.Sets) != 1 || len(r.Drives) != 2 || r.Sets[0].Drives != 2 {
		t.Fatalf("%+v", r)
	}
	s := r.Sets[0].Methods[0]
	if s.Errors.N != 109 || math.Abs(float64(s.Errors.Mean)-0.5) > 1e-3 || math.Abs(float64(s.Errors.Max)-1) > 1e-3 {
		t.Errorf("untouched: %+v", s.Errors)
	}
	if len(s.Faults) != 1 || s.Faults[0].Label != "jump" || s.Faults[0].N != 1 ||
		math.Abs(float64(s.Faults[0].Mean)-110.6) > 0.1 {
		t.Errorf("faults: %+v", s.Faults)
	}
	var table bytes.Buffer
	if err := r.Print(&table); err != nil || !strings.Contains(table.String(), "jump") ||
		!strings.Contains(table.String(), "110.6") ||
		!strings.Contains(table.String(), "mean of 2 drives") {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// Between the fixes of a thinned drive each way of guessing errs by what it leaves out.
func TestBetween(t *testing.T) {
	d := eastwards(101)
	r := evaluate.Run([]evaluate.Drive{d}, evaluate.Ours, []time.Duration{10 * time.Second})
	b := r.Drives[0].Between
	if len(b) != 1 || b[0].Every != 10 {
		t.Fatalf("%+v", b)
	}
	got := map[string]evaluate.BetweenStats{}
	for _, m := range b[0].Methods {
		got[m.Method] = m
	}
	// The thinned drive has its fixes at 1, 11, .. 91 s; the nine seconds after each of the first nine are asked for.
	if h := got["hold the last fix"]; h.N != 81 || math.Abs(float64(h.Mean)-50) > 0.1 ||
		math.Abs(float64(h.Max)-90) > 0.1 {
		t.Errorf("hold: %+v", h)
	}
	for _, name := range []string{"dead reckoning", "linear", "cubic Hermite"} {
		if m := got[name]; m.N != 81 || m.Max > 0.01 {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if m := got["smoothed"]; m.N < 60 || m.Mean > 10 {
		t.Errorf("smoothed: %+v", m)
	}
}

// What is not known is null, for NaN is no JSON.
func TestNothingKnown(t *testing.T) {
	d := eastwards(3)
	for i := range d.Records {
		d.Records[i].Valid = false
	}
	r := evaluate.Run(
		[]evaluate.Drive{d},
		slices.Concat(evaluate.Ours, evaluate.Baselines),
		[]time.Duration{time.Second},
	)
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"error_m":{"n":0,"mean":null,"p50":null,"p95":null,"max":null}`) {
		t.Errorf("%v: %s", err, text)
	}
	if err := r.Print(new(bytes.Buffer)); err != nil {
		t.Error(err)
	}
}
