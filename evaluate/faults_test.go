package evaluate_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"argos"
	"argos/evaluate"
)

// Jumps are told apart by how many arrived in a row, whatever else was done to each of them: 2, 6, 13 and 61 here, with
// errors of 10, 20, 30 and 40 m.
func TestJumpsByBurst(t *testing.T) {
	d := eastwards(200)
	for range d.Records {
		d.Faults = append(d.Faults, evaluate.Ok)
	}
	jump := func(from, n int, label string, metres float64) {
		for i := from; i < from+n; i++ {
			d.Faults[i] = label
			d.Records[i].Lon += metres * metre
		}
	}
	jump(10, 2, "jump", 10)
	jump(20, 3, "jump", 20)
	jump(23, 3, "jump_scatter+late", 20)
	jump(40, 13, "jump", 30)
	jump(100, 61, "jump", 40)
	jump(60, 5, "drift", 500)
	r := evaluate.Run([]evaluate.Drive{d}, evaluate.Ours[:1], nil)
	got := r.Sets[0].Methods[0]
	want := []struct {
		from, to, n int
		mean        float64
	}{{1, 4, 2, 10}, {5, 12, 6, 20}, {13, 60, 13, 30}, {61, 0, 61, 40}}
	if len(got.Jumps) != len(want) {
		t.Fatalf("%+v", got.Jumps)
	}
	for i, w := range want {
		if j := got.Jumps[i]; j.From != w.from || j.To != w.to || j.N != w.n || !about(j.Mean, w.mean) {
			t.Errorf("%+v, want %+v", j, w)
		}
	}
	if got.Errors.N != 199-2-6-13-61-5 || got.Errors.Max > 1e-6 || got.Worst.Fault != "drift" {
		t.Errorf("untouched %+v, worst %+v", got.Errors, got.Worst)
	}
	var jumps, faults bytes.Buffer
	if err := r.Print(&jumps); err != nil {
		t.Error(err)
	}
	if s := jumps.String(); !strings.Contains(s, "13-60 in a row") || strings.Contains(s, "jump_scatter") {
		t.Error(s)
	}
	if err := r.PrintFaults(&faults); err != nil {
		t.Error(err)
	}
	if s := faults.String(); !strings.Contains(s, "jump_scatter+late") || !strings.Contains(s, "500.0") {
		t.Error(s)
	}
}

// Of three jumps in a row one is tentative, and the claim holds for two.
func TestSaidAtJumps(t *testing.T) {
	d := eastwards(30)
	for i := range d.Records {
		d.Faults = append(d.Faults, map[bool]string{true: "jump", false: evaluate.Ok}[i >= 10 && i < 13])
	}
	m := answering(true, func(s int, at argos.LatLon) evaluate.Answer {
		a := evaluate.Answer{LatLon: argos.LatLon{Lat: at.Lat, Lon: at.Lon + 10*metre}, Sigma: 6, Status: argos.Moving}
		if s == 11 {
			a.Status, a.Sigma = argos.Tentative, 4
		}
		return a
	})
	if got := only(t, d, m).Jumps; len(got) != 1 || !near(got[0].Tentative, 1./3) || !near(got[0].Within2, 2./3) {
		t.Errorf("%+v", got)
	}
}

// What faults do to the fixes beside them: a method that is 1 m off, and 3 m when there is a jump among what it sees.
func TestRise(t *testing.T) {
	d := eastwards(50)
	d.Clean = slices.Clone(d.Records)
	for range d.Records {
		d.Faults = append(d.Faults, evaluate.Ok)
	}
	d.Faults[20] = "jump"
	d.Records[20].Lat = 1
	m := evaluate.Method{Name: "m", Run: func(records []argos.Record) (out []evaluate.Answer) {
		off := 1.
		if records[20].Lat == 1 {
			off = 3
		}
		for _, r := range records {
			at := argos.LatLon{Lat: r.Lat, Lon: r.Lon + off*metre}
			out = append(out, evaluate.Answer{LatLon: at, Sigma: math.NaN()})
		}
		return out
	}}
	got := only(t, d, m).Rise
	if got == nil || got.N != 48 || !about(got.With, 3) || !about(got.Without, 1) || !about(got.Rise, 2) {
		t.Errorf("%+v", got)
	}
	d.Clean = nil
	if got := only(t, d, m).Rise; got != nil {
		t.Errorf("nothing to compare with: %+v", got)
	}
}
