package track_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"argos"
	"argos/sim"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

// truckAt is how a truck drives: eastwards from 5 degrees east, in metres, at second t.
type truckAt func(t float64) (east, speed float64)

func steady(speed float64) truckAt {
	return func(t float64) (float64, float64) { return speed * t, speed }
}

// halts drives at 20 m/s for 200 s, and stands.
func halts(t float64) (east, speed float64) {
	switch d := t - 200; {
	case d <= 0:
		return 20 * t, 20
	case d < 10:
		return 4000 + 20*d - d*d, 20 - 2*d
	}
	return 4100, 0
}

// Whatever a receiver tells wrongly beside its places, live and smoothed stay by these: on the mean no more than 1.6
// times as far off as they are, and nobody is 100 m off.
func TestWrongWords(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		way            truckAt
		every          float64
		speed, heading func(speed float64) float64
		noise          float64
		accuracy       float64
	}{
		"course always 0":  {steady(10), 1, same, constant(0), 2, nan},
		"speed stuck":      {halts, 1, constant(20), constant(90), 2, nan},
		"a tenth of it":    {halts, 1, func(v float64) float64 { return v / 10 }, constant(90), 2, nan},
		"course reversed":  {halts, 1, same, constant(270), 2, nan},
		"ferry":            {steady(10), 1, constant(0), constant(nan), 2, nan},
		"sure of itself":   {steady(10), 0.1, constant(nan), constant(nan), 5, 1},
		"sure, and slower": {steady(10), 0.5, constant(nan), constant(nan), 5, 1},
	} {
		rng := rand.New(rand.NewPCG(1, 12))
		var records []argos.Record
		var at []argos.LatLon
		const metre = 1 / 111_194.9
		cos := math.Cos(52 * math.Pi / 180)
		for i := range 600 {
			east, v := c.way(float64(i) * c.every)
			at = append(at, argos.LatLon{Lat: 52, Lon: 5 + east*metre/cos})
			f := argos.NewFix("T", 1_772_445_600_000+int64(1000*c.every*float64(i)), 52+c.noise*rng.NormFloat64()*metre,
				at[i].Lon+c.noise*rng.NormFloat64()*metre/cos)
			f.Speed, f.Heading, f.Accuracy = c.speed(v), c.heading(v), c.accuracy
			records = append(records, argos.Record{Fix: f, Recv: f.Time})
		}
		smoothed := smooth.Drive(records)
		var trk track.Track
		var raw, live, back float64
		for i := range records {
			trk.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
			var d argos.Truck
			trk.Fill(&d)
			e, _ := smoothed.Row(i)
			off := truth.Distance(at[i], argos.LatLon{Lat: d.Lat, Lon: d.Lon})
			raw += truth.Distance(at[i], argos.LatLon{Lat: records[i].Lat, Lon: records[i].Lon})
			live, back = live+off, back+truth.Distance(at[i], argos.LatLon{Lat: e.Lat, Lon: e.Lon})
			if off > 100 {
				t.Errorf("%s: fix %d is answered %.0f m off", name, i, off)
			}
		}
		t.Logf("%s: raw %.2f, live %.2f, smoothed %.2f", name, raw/600, live/600, back/600)
		if live > 1.6*raw || back > 1.6*raw {
			t.Errorf("%s: raw %.2f, live %.2f, smoothed %.2f m", name, raw/600, live/600, back/600)
		}
	}
}

func same(v float64) float64 { return v }

func constant(x float64) func(float64) float64 { return func(float64) float64 { return x } }

// A drive that begins with mirrored fixes is where its later fixes say, as soon as these are more.
func TestMirroredFirst(t *testing.T) {
	for _, wrong := range []int{1, 3, 10} {
		var trk track.Track
		for i := range 120 {
			f := argos.NewFix("T", 1_772_445_600_000+1000*int64(i), 52, 5+1.5e-4*float64(i))
			if i < wrong {
				f.Lon = -f.Lon
			}
			trk.Fold(&argos.Record{Fix: f, Recv: f.Time}, argos.Pos{Next: int64(i) + 1})
			var d argos.Truck
			trk.Fill(&d)
			if off := truth.Distance(argos.LatLon{Lat: 52, Lon: f.Lon}, argos.LatLon{Lat: d.Lat, Lon: d.Lon}); i > 60 &&
				off > 10 {
				t.Errorf("%d mirrored first: fix %d is answered %.0f m off, %s", wrong, i, off, d.Status)
			}
		}
	}
}

// A clock that is put back tells some times twice: each record is answered where the truck was then.
func TestReplayOfTwoClocks(t *testing.T) {
	for _, back := range []int64{30, 300, 600} {
		r := sim.Scenario{Seed: 3, Drive: sim.Straight, Speed: 10, Receiver: sim.Receiver{White: 1}}.Record()
		records := r.Records(true)
		for i := len(records) / 2; i < len(records); i++ {
			records[i].Time -= 1000 * back
		}
		s := smooth.Drive(records)
		for i := range records {
			e, ok := s.Row(i)
			if off := truth.Distance(r.At(i), argos.LatLon{Lat: e.Lat, Lon: e.Lon}); !ok || off > 150 {
				t.Fatalf("clock %d s back: record %d of %d is %.0f m off", back, i, len(records), off)
			}
		}
	}
}
