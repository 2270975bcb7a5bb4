package smooth

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/truth"
)

const start = 1_767_225_600_000 // ms

func record(ms int64, lat, lon float64) argos.Record {
	return argos.Record{Fix: argos.NewFix("T", ms, lat, lon), Recorded: true}
}

// steady is a drive at 20 m/s northwards past a place, at 1 Hz, with reported speeds.
func steady(lat, lon float64, n int) (out []argos.Record) {
	for s := range n {
		r := record(start+1000*int64(s), lat+20*float64(s)/111_195, lon)
		r.Speed, r.Heading = 20, 0
		out = append(out, r)
	}
	return out
}

func metres(a, b argos.LatLon) float64 { return truth.Distance(a, b) }

// A steady drive comes out as it went in, between its fixes too, wherever on earth it is.
func TestSteadyDrive(t *testing.T) {
	for _, at := range []argos.LatLon{
		{Lat: 48, Lon: 11},
		{Lat: 0.001, Lon: 180},
		{Lat: -17, Lon: -179.99999},
		{Lat: 89.9, Lon: 30},
		{Lat: -0.002, Lon: 0},
	} {
		rs := steady(at.Lat, at.Lon, 40)
		s := Drive(rs)
		for i := range rs {
			e, ok := s.Row(i)
			if !ok || e.Time != rs[i].Time ||
				metres(argos.LatLon{Lat: e.Lat, Lon: e.Lon}, argos.LatLon{Lat: rs[i].Lat, Lon: rs[i].Lon}) > 3 ||
				math.Abs(e.Speed-20) > 1 || e.Status != argos.Moving ||
				!(e.Accuracy > 0.3 && e.Accuracy < 6) {
				t.Errorf("%v, row %d: %+v", at, i, e)
			}
		}
		e, ok := s.At(rs[20].Time + 500)
		want := argos.LatLon{Lat: (rs[20].Lat + rs[21].Lat) / 2, Lon: rs[20].Lon}
		if !ok || metres(argos.LatLon{Lat: e.Lat, Lon: e.Lon}, want) > 1 {
			t.Errorf("%v, between fixes: %+v", at, e)
		}
	}
}

// Between sparse fixes the reported velocities tell how a truck went, not the pace of the minutes around: here it
// slows down from 20 to 5 m/s within 10 s, and picks up as fast, with a fix at the begin and the end of each.
func TestSparseFixes(t *testing.T) {
	place := func(s int) (north, speed float64) {
		for v, i := 20.0, 0; ; i++ {
			dt, a := math.Min(10, float64(s-10*i)), []float64{-1.5, 0, 1.5, 0}[i%4]
			north, speed = north+v*dt+a*dt*dt/2, v+a*dt
			if s <= 10*(i+1) {
				return north, speed
			}
			v = speed
		}
	}
	var rs []argos.Record
	for s := 0; s <= 200; s += 10 {
		north, speed := place(s)
		r := record(start+1000*int64(s), 48+north/111_195, 11)
		r.Speed, r.Heading = speed, 0
		rs = append(rs, r)
	}
	d := Drive(rs)
	for s := 30; s < 170; s++ {
		north, _ := place(s)
		e, ok := d.At(start + 1000*int64(s))
		if off := metres(argos.LatLon{Lat: e.Lat, Lon: e.Lon}, argos.LatLon{Lat: 48 + north/111_195, Lon: 11}); !ok ||
			!(off < 0.3) {
			t.Errorf("at %d s %.2f m off: %+v", s, off, e)
		}
	}
}

// What one cannot know before: a jump is judged by both sides, a late fix is in its place, false starts are left out.
func TestLooksBothWays(t *testing.T) {
	rs := steady(48, 11, 60)
	was := append([]argos.Record(nil), rs...)
	rs[0].Lat, rs[1].Lat = rs[0].Lat+0.01, rs[1].Lat-0.02 // false starts, a kilometre off and more
	rs[30].Lon += 0.005                                   // a jump by 370 m
	late := rs[10]
	rs = append(append(rs[:10:10], rs[11:]...), late) // arrives last
	was = append(append(was[:10:10], was[11:]...), was[10])
	s := Drive(rs)
	for i := range rs {
		e, ok := s.Row(i)
		if d := metres(argos.LatLon{Lat: e.Lat, Lon: e.Lon}, argos.LatLon{Lat: was[i].Lat, Lon: was[i].Lon}); !ok ||
			d > 3 {
			t.Errorf("row %d is %.1f m off: %+v", i, d, e)
		}
	}
}

func TestGapIsNoStretch(t *testing.T) {
	rs := steady(48, 11, 30)
	for _, r := range steady(48.1, 11, 30) {
		r.Time += 120_000
		rs = append(rs, r)
	}
	s := Drive(rs)
	if e, ok := s.At(rs[29].Time + 20_000); ok {
		t.Errorf("in the gap: %+v", e)
	}
	if e, ok := s.At(rs[0].Time - 1); ok {
		t.Errorf("before the drive: %+v", e)
	}
	if e, ok := s.At(rs[59].Time + 1); ok {
		t.Errorf("after the drive: %+v", e)
	}
	if e, ok := s.Row(30); !ok ||
		metres(argos.LatLon{Lat: e.Lat, Lon: e.Lon}, argos.LatLon{Lat: rs[30].Lat, Lon: rs[30].Lon}) > 3 {
		t.Errorf("after the gap: %+v", e)
	}
}

// One fix says nothing of a speed, not even that there is none; and two are not believed yet, as live.
func TestTooShortToBelieve(t *testing.T) {
	for n := 1; n <= 4; n++ {
		var rs []argos.Record
		for s := range n {
			rs = append(rs, record(start+1000*int64(s), 48, 11))
		}
		drive := Drive(rs)
		for i := range rs {
			e, ok := drive.Row(i)
			if !ok || (e.Status == argos.Tentative) != (n < settled) || math.IsNaN(e.Speed) != (n == 1) {
				t.Errorf("row %d of %d: %+v", i, n, e)
			}
		}
	}
}

// Whatever a drive holds, each row has its answer, and answers are places on earth.
func TestAnyDrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat := rapid.SampledFrom([]float64{48, 0, 89.999, -89.9999}).Draw(t, "lat")
		lon := rapid.SampledFrom([]float64{11, 179.9999, -179.9999}).Draw(t, "lon")
		ms := int64(start)
		var rs []argos.Record
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			ms += rapid.SampledFrom([]int64{0, 100, 1000, 1000, 1000, 60_000, 4_000_000, -3000}).Draw(t, "dt")
			r := record(max(0, ms), lat+rapid.Float64Range(-0.001, 0.001).Draw(t, "north"), lon)
			r.Lat = math.Max(-90, math.Min(90, r.Lat))
			r.Valid = rapid.IntRange(0, 9).Draw(t, "valid") > 0
			if rapid.Bool().Draw(t, "moves") {
				r.Speed, r.Heading = rapid.Float64Range(0, 60).
					Draw(t, "speed"),
					rapid.Float64Range(0, 360).
						Draw(t, "heading")
				r.Accuracy = rapid.SampledFrom([]float64{0, 0.01, 5, 1e6}).Draw(t, "accuracy")
			}
			rs = append(rs, r)
		}
		s := Drive(rs)
		known := false
		for i := range rs {
			e, ok := s.Row(i)
			if known = known || ok; known && !ok && rs[i].Valid {
				t.Fatalf("row %d has lost its answer", i)
			}
			if ok {
				onEarth(t, e, rs[i].Time)
			}
			if e, ok := s.At(rs[i].Time + rapid.Int64Range(-2000, 2000).Draw(t, "off")); ok {
				onEarth(t, e, e.Time)
			}
		}
	})
}

func onEarth(t *rapid.T, e Estimate, ms int64) {
	if e.Time != ms || !(math.Abs(e.Lat) <= 90) || !(e.Lon >= -180 && e.Lon < 180) ||
		!(e.Accuracy > 0) || math.IsInf(e.Accuracy, 0) ||
		e.Speed < 0 || e.Heading < 0 || e.Heading >= 360 ||
		e.Status == argos.Stopped && !math.IsNaN(e.Heading) {
		t.Fatalf("not a place on earth at %d: %+v", ms, e)
	}
}
