package truth_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

func TestAt(t *testing.T) {
	track := truth.New([]truth.Row{
		{TMs: 3000, Pos: argos.LatLon{Lat: 3, Lon: -179}},
		{TMs: 1000, Pos: argos.LatLon{Lat: 1, Lon: 178}},
		{TMs: 2000, Pos: argos.LatLon{Lat: 2, Lon: 179}},
		{TMs: 2000, Pos: argos.LatLon{Lat: 9, Lon: 9}}, // the first of two stays
		{TMs: 4601, Pos: argos.LatLon{Lat: 4, Lon: 0}}, // 1.601 s after the one before
		{TMs: 6201, Pos: argos.LatLon{Lat: 5, Lon: 0}}, // 1.600 s
	})
	for _, c := range []struct {
		tMs  int64
		want argos.LatLon
		ok   bool
	}{
		{999, argos.LatLon{}, false},
		{1000, argos.LatLon{Lat: 1, Lon: 178}, true},
		{1250, argos.LatLon{Lat: 1.25, Lon: 178.25}, true},
		{2000, argos.LatLon{Lat: 2, Lon: 179}, true},
		{2750, argos.LatLon{Lat: 2.75, Lon: -179.5}, true}, // across the antimeridian
		{4000, argos.LatLon{}, false},
		{4601, argos.LatLon{Lat: 4, Lon: 0}, true},
		{5401, argos.LatLon{Lat: 4.5, Lon: 0}, true},
		{6202, argos.LatLon{}, false},
	} {
		got, ok := track.At(c.tMs)
		if ok != c.ok || math.Abs(got.Lat-c.want.Lat) > 1e-12 || math.Abs(got.Lon-c.want.Lon) > 1e-12 {
			t.Errorf("At(%d) = %v %v, want %v %v", c.tMs, got, ok, c.want, c.ok)
		}
	}
	settled := track.Settled()
	for tMs, want := range map[int64]bool{1000: false, 1001: true, 2000: true, 3000: true, 3001: false, 4601: false, 4602: true, 6201: true} {
		if _, ok := settled(tMs); ok != want {
			t.Errorf("settled at %d: %v", tMs, ok)
		}
	}
	if _, ok := truth.New([]truth.Row{{TMs: 0}, {TMs: 10_000}}).Settled()(10_000); !ok {
		t.Error("a sparse track knows its own rows")
	}
	if _, ok := truth.Track(nil).At(0); ok {
		t.Error("an empty track knows a position")
	}
}

// TestDistance compares with the meridian and parallel arcs of WGS 84, which have closed forms, and with known lengths.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		name      string
		a, b      argos.LatLon
		want, tol float64
	}{
		{"none", argos.LatLon{Lat: 51.9, Lon: 4.5}, argos.LatLon{Lat: 51.9, Lon: 4.5}, 0, 0},
		{"equator", argos.LatLon{}, argos.LatLon{Lon: 0.01}, 6378137 * math.Pi / 180 * 0.01, 1e-3},
		{"antimeridian", argos.LatLon{Lon: 179.995}, argos.LatLon{Lon: -179.995}, 6378137 * math.Pi / 180 * 0.01, 1e-3},
		{"meridian at the equator", argos.LatLon{Lat: -0.005}, argos.LatLon{Lat: 0.005}, 1105.7427, 1e-3},
		{"meridian at 45 degrees", argos.LatLon{Lat: 44.995}, argos.LatLon{Lat: 45.005}, 1111.3178, 1e-3},
		{"over the pole", argos.LatLon{Lat: 89.995}, argos.LatLon{Lat: 89.995, Lon: 180}, 1116.9396, 1e-3},
		{"pole to pole", argos.LatLon{Lat: -90}, argos.LatLon{Lat: 90}, 20003931, 20003931 * 0.006},
	} {
		if got := truth.Distance(c.a, c.b); math.Abs(got-c.want) > c.tol {
			t.Errorf("%s: %.4f m, want %.4f", c.name, got, c.want)
		}
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	point := rapid.Custom(func(t *rapid.T) argos.LatLon {
		return argos.LatLon{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := point.Draw(t, "a"), point.Draw(t, "b"), point.Draw(t, "c")
		ab, ba, bc, ac := truth.Distance(a, b), truth.Distance(b, a), truth.Distance(b, c), truth.Distance(a, c)
		if ab != ba || ab < 0 || ab > 20.1e6 {
			t.Fatalf("%v %v: %v there, %v back", a, b, ab, ba)
		}
		if ac > (ab+bc)*1.007+1e-6 { // the arc's radius is a mean
			t.Fatalf("%v via %v to %v: direct is %v, round is %v", a, b, c, ac, ab+bc)
		}
	})
}

func TestScoreCountsWhatTheRulesCount(t *testing.T) {
	origin, off := argos.LatLon{}, argos.LatLon{Lat: 0.0001} // 11.06 m
	nowhere := argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
	var s truth.Score
	add := func(tMs int64, valid, known bool, clean argos.LatLon) bool {
		f := argos.NewFix("T-1", tMs, off.Lat, off.Lon)
		f.Valid = valid
		return s.Add(&f, clean, origin, known)
	}
	for _, c := range []struct {
		what string
		got  bool
		want bool
	}{
		{"no cleaned position yet", add(1000, true, true, nowhere), false},
		{"first", add(1000, true, true, origin), true},
		{"repeated", add(1000, true, true, origin), false},
		{"invalid", add(2000, false, true, origin), false},
		{"wrong clock", add(9000, true, false, origin), false},
		{"after the wrong clock", add(3000, true, true, off), true},
		{"older", add(2500, true, true, origin), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: counted %v, want %v", c.what, c.got, c.want)
		}
	}
	b, err := json.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"raw":{"mean":11.057,"p95":11.057},"clean":{"mean":5.529,"p95":9.952}}`; string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	if b, _ = json.Marshal(&truth.Score{}); string(b) != `{"raw":{"mean":null,"p95":null},"clean":{"mean":null,"p95":null}}` {
		t.Errorf("empty: %s", b)
	}
}
