package evaluate_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/evaluate"
	"argos/truth"
)

const metre = 1 / 111_319.4908 // of longitude on the equator, degrees

// parked is a drive that stands for so many seconds on the equator after it has come at 10 m/s for as many, a fix and a
// row of truth a second.
func parked(seconds int) evaluate.Drive {
	d := evaluate.Drive{Set: "set", Name: "set_d"}
	for s := range 2 * seconds {
		at := argos.LatLon{Lon: float64(min(s, seconds)) * 10 * metre}
		d.Truth = append(d.Truth, truth.Row{TMs: start + int64(s)*1000, Pos: at})
		f := argos.NewFix("T", start+int64(s)*1000, at.Lat, at.Lon)
		d.Records = append(d.Records, argos.Record{Fix: f, Recorded: true})
	}
	return d
}

// answering gives each record the answer that a function makes of its second and place.
func answering(tells bool, of func(second int, at argos.LatLon) evaluate.Answer) evaluate.Method {
	return evaluate.Method{Name: "m", Tells: tells, Run: func(records []argos.Record) []evaluate.Answer {
		var out []evaluate.Answer
		for _, r := range records {
			out = append(out, of(int(r.Time-start)/1000, argos.LatLon{Lat: r.Lat, Lon: r.Lon}))
		}
		return out
	}}
}

// about is to a millimetre, or a thousandth.
func about(a evaluate.Number, b float64) bool { return math.Abs(float64(a)-b) < 1e-3 }

func only(t *testing.T, d evaluate.Drive, m evaluate.Method) evaluate.Score {
	t.Helper()
	r := evaluate.Run([]evaluate.Drive{d}, []evaluate.Method{m}, nil)
	if len(r.Sets) != 1 || len(r.Sets[0].Methods) != 1 {
		t.Fatalf("%+v", r)
	}
	return r.Sets[0].Methods[0]
}

// The truck stands from second 60 to 119. The first 15 s do not count, so seconds 75 to 119 do: 45 fixes, 30 of which
// are told; an answer that goes half a metre a second creeps 30 m a minute. It moves in seconds 1 to 60 (the first row
// of a truth does not count, and in second 60 it goes 5 m/s by the truth half a second before and after), of which 6
// are told wrongly.
func TestStandstill(t *testing.T) {
	d := parked(60)
	m := answering(true, func(s int, at argos.LatLon) evaluate.Answer {
		a := evaluate.Answer{LatLon: at, Sigma: math.NaN(), Status: argos.Moving}
		if s >= 90 || s >= 10 && s < 16 {
			a.Status = argos.Stopped
		}
		if s > 60 {
			a.Lat += float64(s) * 0.5 / 110_574.3
		}
		return a
	})
	got := only(t, d, m).Standstill
	if got.N != 45 || !near(got.Told, 30./45) || got.MovingN != 60 || !near(got.Wrongly, 6./60) ||
		!about(got.Creep, 30) {
		t.Errorf("%+v", got)
	}
	m.Tells = false
	got = only(t, d, m).Standstill
	if !math.IsNaN(float64(got.Told)) || !math.IsNaN(float64(got.Wrongly)) || got.N != 45 {
		t.Errorf("without statuses: %+v", got)
	}
}

// A pause of less than 20 s is no stop, nor is a truck that rolls with 0.2 m/s.
func TestNoStandstill(t *testing.T) {
	still := answering(true, func(_ int, at argos.LatLon) evaluate.Answer {
		return evaluate.Answer{LatLon: at, Status: argos.Stopped}
	})
	if got := only(t, parked(19), still).Standstill; got.N != 0 || !math.IsNaN(float64(got.Told)) {
		t.Errorf("a pause: %+v", got)
	}
	if got := only(t, parked(22), still).Standstill; got.N == 0 || got.Told != 1 {
		t.Errorf("22 s: %+v", got)
	}
	d := parked(60)
	for i := range d.Truth {
		d.Truth[i].Pos.Lon += float64(i) * 0.2 * metre
	}
	if got := only(t, d, still).Standstill; got.N != 0 {
		t.Errorf("rolling: %+v", got)
	}
}

// With a sigma of 1 m, an error of 6 m in seconds 10 to 14, and one of 7 m in second 30: from second 10 to 15 the claim
// is false for 5 s.
func TestLongestBeyond(t *testing.T) {
	m := answering(false, func(s int, at argos.LatLon) evaluate.Answer {
		off := 4.9
		if s >= 10 && s < 15 {
			off = 6
		}
		if s == 30 {
			off = 7
		}
		return evaluate.Answer{LatLon: argos.LatLon{Lat: at.Lat, Lon: at.Lon + off*metre}, Sigma: 1}
	})
	got := only(t, eastwards(60), m)
	worst := got.Worst
	if got.Beyond5 != 5 || got.Within1 != 0 || !about(worst.Error, 7) || worst.Drive != "set_d" ||
		worst.Time != start+30_000 {
		t.Errorf("%+v", got)
	}
	if got := only(t, eastwards(60), offset(100, math.NaN())); !math.IsNaN(float64(got.Beyond5)) {
		t.Errorf("nothing is claimed: %v", got.Beyond5)
	}
	if got := only(t, eastwards(60), offset(4, 1)); got.Beyond5 != 0 {
		t.Errorf("never beyond: %v", got.Beyond5)
	}
}

// A mode takes away what it says, from the fixes with faults and from those without, and leaves the drive as it was.
func TestModes(t *testing.T) {
	d := eastwards(3)
	d.Clean = slices.Clone(d.Records)
	speed, ok := evaluate.SpeedAlone.Of(d)
	if r := speed.Records[1]; !ok || r.Speed != 10 || !math.IsNaN(r.Heading) || !math.IsNaN(speed.Clean[1].Heading) ||
		d.Records[1].Heading != 90 {
		t.Errorf("%v %+v", ok, speed.Records[1])
	}
	alone, ok := evaluate.PositionsAlone.Of(speed)
	if !ok || !math.IsNaN(alone.Records[1].Speed) || !math.IsNaN(alone.Clean[1].Speed) || speed.Records[1].Speed != 10 {
		t.Errorf("%v %+v", ok, alone.Records[1])
	}
	for _, m := range []evaluate.Mode{evaluate.SpeedAlone, evaluate.PositionsAlone} {
		if _, ok := m.Of(alone); ok {
			t.Errorf("%s takes something from positions", m)
		}
	}
	recorded, ok := evaluate.Recorded.Of(alone)
	if !ok {
		t.Error("as recorded is a mode of all")
	}
	r := evaluate.Run([]evaluate.Drive{recorded, speed, alone}, evaluate.Ours, nil)
	if len(r.Sets) != 3 || r.Sets[0].Drives != 1 || r.Sets[2].Mode != evaluate.PositionsAlone {
		t.Errorf("a set in each mode is one of its own: %+v", r.Sets)
	}
}

// A thinned drive is measured at the fixes kept, too.
func TestKept(t *testing.T) {
	thin := []time.Duration{10 * time.Second}
	r := evaluate.Run([]evaluate.Drive{eastwards(101)}, []evaluate.Method{offset(3, 2)}, thin)
	kept := r.Sets[0].Between[0].Kept
	// The fixes at 1, 11, .. 91 s.
	if len(kept) != 1 {
		t.Fatalf("%+v", kept)
	}
	if s := kept[0]; s.Errors.N != 10 || !near(s.Errors.Mean, 3) || s.Within1 != 0 || s.Within2 != 1 {
		t.Errorf("%+v", s)
	}
	var table bytes.Buffer
	if err := r.Print(&table); err != nil || !strings.Contains(table.String(), "error at the fixes kept, one in 10s") {
		t.Errorf("%v\n%s", err, table.String())
	}
}
