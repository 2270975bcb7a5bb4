package track

import (
	"bytes"
	"flag"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// TestMain asks for ten times as many cases as rapid draws by itself; its flag still decides.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const epoch2026 = 1_767_225_600_000 // ms

// Where at starts, degrees: no round numbers, which a receiver that rounds its places tells.
const lat0, lon0 = 48.0123456, 11.0123456

// at is a record of a truck that is east and north (m) of a place, at a time (s) of 2026.
func at(seconds, east, north float64) argos.Record {
	const metresPerDegree = 111_195
	f := argos.NewFix(
		"T-1",
		epoch2026+int64(math.Round(seconds*1000)),
		lat0+north/metresPerDegree,
		lon0+east/metresPerDegree/math.Cos(lat0*math.Pi/180),
	)
	return argos.Record{Fix: f, Recv: f.Time + 700}
}

// from is the metres from the place that at starts at.
func from(t *argos.Truck) (east, north float64) {
	const metresPerDegree = 111_195
	return (t.Lon - lon0) * metresPerDegree * math.Cos(lat0*math.Pi/180), (t.Lat - lat0) * metresPerDegree
}

// streams are what a truck, its receiver, its clock and its network may make of a drive.
var streams = rapid.Custom(func(t *rapid.T) []argos.Record {
	interval := rapid.SampledFrom([]float64{0.1, 1, 1, 1, 5, 30, 61, 120}).Draw(t, "interval")
	recorded := rapid.Bool().Draw(t, "recorded")
	lat := rapid.SampledFrom([]float64{48, 48, 0, -33, 89.9, -89.99}).Draw(t, "lat")
	lon := rapid.SampledFrom([]float64{11, 11, 179.9999, -179.9999}).Draw(t, "lon")
	speed := rapid.Float64Range(0, 35).Draw(t, "speed")
	metre := rapid.Float64Range(-30, 30)
	now := float64(epoch2026)
	var out []argos.Record
	for range rapid.IntRange(1, 60).Draw(t, "records") {
		now += 1000 * interval
		lat = max(-90, min(90, lat+speed*interval/111_195))
		r := argos.Record{Fix: argos.NewFix("T-1", int64(now), lat, lon), Recv: int64(now) + 500, Recorded: recorded}
		r.Lat = max(-90, min(90, r.Lat+metre.Draw(t, "noise")/111_195))
		if rapid.Bool().Draw(t, "reports") {
			if rapid.IntRange(0, 3).Draw(t, "has course") > 0 {
				r.Heading = rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 360)).Draw(t, "course")
			}
			r.Speed, r.Accuracy = speed*rapid.SampledFrom([]float64{0, 1, 1, 1, 1, 2, 3.6}).
				Draw(t, "unit"),
				rapid.SampledFrom([]float64{0, 0.01, 3, 50, 1e6}).
					Draw(t, "accuracy")
			r.HDOP = rapid.SampledFrom([]float64{0, 0.7, 3, 99, 127}).Draw(t, "hdop")
		}
		switch rapid.IntRange(0, 19).Draw(t, "fault") {
		case 0:
			r.Valid = false
		case 1:
			r.Lat = max(-90, min(90, r.Lat+rapid.Float64Range(-0.1, 0.1).Draw(t, "jump")))
		case 2:
			r.Lat, r.Lon = 0, 0
		case 3:
			r.Time += rapid.SampledFrom([]int64{3_600_000, 86_400_000, -1024 * 7 * 86_400_000, 400, -40_000}).
				Draw(t, "clock")
		case 4:
			now += 1000 * rapid.Float64Range(0, 40_000).Draw(t, "gap")
		case 5:
			speed = rapid.Float64Range(0, 35).Draw(t, "speed")
		}
		r.Time = max(0, r.Time)
		out = append(out, r)
		if rapid.IntRange(0, 9).Draw(t, "again") == 0 {
			out = append(out, out[rapid.IntRange(0, len(out)-1).Draw(t, "which")])
		}
		if n := len(out); n > 1 && rapid.IntRange(0, 5).Draw(t, "overtakes") == 0 {
			k := max(0, n-1-rapid.IntRange(1, 12).Draw(t, "by"))
			out[k], out[n-1] = out[n-1], out[k]
		}
	}
	return out
})

func pos(i int) argos.Pos { return argos.Pos{Partition: 3, Next: int64(i) + 1} }

func fold(t *Track, rs []argos.Record) {
	for i := range rs {
		t.Fold(&rs[i], pos(i))
	}
}

// Property 1: where the track was packed and unpacked in between does not show in a single bit.
func TestCutsDoNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := streams.Draw(t, "stream")
		var whole, cut Track
		for i := range rs {
			whole.Fold(&rs[i], pos(i))
			cut.Fold(&rs[i], pos(i))
			b := whole.Append(nil)
			if len(b) > MaxSize {
				t.Fatalf("%d bytes", len(b))
			}
			if rapid.Bool().Draw(t, "cut") {
				b := cut.Append([]byte("before"))[6:]
				if err := cut.Decode(b); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(b, cut.Append(nil)) {
				t.Fatalf("record %d: tracks differ", i)
			}
		}
	})
}

// Property 2: every record counts once. Property 3: no prefix counts twice. Property 6: a document is always a place on
// earth. And the live estimate is what the fixes since the anchor give.
func TestEveryRecordCountsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := streams.Draw(t, "stream")
		var tr Track
		var doc argos.Truck
		for i := range rs {
			if !tr.Fold(&rs[i], pos(i)) {
				t.Fatalf("record %d was not folded", i)
			}
			tr.Fill(&doc)
			if doc.Rev != int64(i)+1 || doc.Rev != tr.Rev() || doc.Pos != pos(i) || doc.Recv != rs[i].Recv ||
				doc.Raw != (argos.LatLon{Lat: rs[i].Lat, Lon: rs[i].Lon}) ||
				doc.Rev != doc.Fixes+doc.Duplicates+doc.Late+doc.Rejected ||
				min(doc.Fixes, doc.Duplicates, doc.Late, doc.Rejected) < 0 {
				t.Fatalf("record %d: %+v", i, doc)
			}
			onEarth(t, &doc)
			again := tr
			if again.filter(); !bytes.Equal(again.Append(nil), tr.Append(nil)) {
				t.Fatalf("record %d: the live estimate is not that of the window", i)
			}
		}
		before := tr.Append(nil)
		for i := range rs[:rapid.IntRange(0, len(rs)).Draw(t, "replayed")] {
			if tr.Fold(&rs[i], pos(i)) {
				t.Fatalf("record %d was folded twice", i)
			}
		}
		if !bytes.Equal(before, tr.Append(nil)) {
			t.Fatal("a replay changed the track")
		}
	})
}

func onEarth(t interface{ Fatalf(string, ...any) }, d *argos.Truck) {
	if d.Fixes == 0 {
		if d.Status != argos.Tentative || !math.IsNaN(d.Lat) || !math.IsNaN(d.Lon) || !math.IsNaN(d.Accuracy) {
			t.Fatalf("a truck without a fix is somewhere: %+v", d)
		}
		return
	}
	if !(math.Abs(d.Lat) <= 90) || !(d.Lon >= -180 && d.Lon < 180) || !(d.Accuracy > 0) || math.IsInf(d.Accuracy, 0) ||
		d.Speed < 0 || math.IsInf(d.Speed, 0) || d.Heading < 0 || d.Heading >= 360 ||
		d.Status != argos.Tentative && math.IsNaN(d.Speed) || d.Status == argos.Stopped && !math.IsNaN(d.Heading) {
		t.Fatalf("not a place on earth: %+v", d)
	}
}

// Property 4: fixes that arrive in any order within the window give what they give in order.
func TestOrderWithinWindowDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rs []argos.Record
		now := 0.0
		for range rapid.IntRange(2, windowSize).Draw(t, "fixes") {
			now += rapid.Float64Range(0.1, 1.8).Draw(t, "dt") // all within minGap of each other
			r := at(now, 20*now+rapid.Float64Range(-60, 60).Draw(t, "noise"), 0)
			rs = append(rs, r)
		}
		var sorted, shuffled Track
		arrival := rapid.Permutation(rs).Draw(t, "arrival")
		for i := range arrival { // disorder of the network: all at once
			arrival[i].Recv = arrival[0].Time + int64(i)
		}
		fold(&sorted, rs)
		fold(&shuffled, arrival)
		var a, b argos.Truck
		sorted.Fill(&a)
		shuffled.Fill(&b)
		a.Recv, a.Raw, a.Track, b.Recv, b.Raw, b.Track = 0, argos.LatLon{}, nil, 0, argos.LatLon{}, nil
		if !same(a, b) || sorted.live != shuffled.live || sorted.window != shuffled.window {
			t.Fatalf("in order  %+v\nelse      %+v", a, b)
		}
	})
}

func same(a, b argos.Truck) bool {
	eq := func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
	return a.Rev == b.Rev && a.Fixes == b.Fixes && a.Rejected == b.Rejected &&
		a.Time == b.Time && a.Status == b.Status &&
		eq(a.Lat, b.Lat) && eq(a.Lon, b.Lon) && eq(a.Speed, b.Speed) && eq(a.Heading, b.Heading) &&
		eq(a.Accuracy, b.Accuracy)
}

// Property 5: one wrong fix does not move a settled truck further than the gate lets it, a late one not at all.
func TestOneFixDoesNotThrowATruck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.Float64Range(0, 30).Draw(t, "speed")
		n := rapid.IntRange(20, 60).Draw(t, "fixes")
		var tr Track
		var doc argos.Truck
		for i := range n {
			r := at(float64(i), speed*float64(i), rapid.Float64Range(-3, 3).Draw(t, "noise"))
			tr.Fold(&r, pos(i))
		}
		dist, course := rapid.Float64Range(60, 800).Draw(t, "jump"), rapid.Float64Range(0, 2*math.Pi).Draw(t, "course")
		r := at(float64(n), speed*float64(n)+dist*math.Cos(course), dist*math.Sin(course))
		tr.Fold(&r, pos(n))
		tr.Fill(&doc)
		if e, north := from(&doc); doc.Rejected != 1 || math.Hypot(e-speed*float64(n), north) > 15 {
			t.Fatalf("a jump of %.0f m: %+v is %.1f m off", dist, doc, math.Hypot(e-speed*float64(n), north))
		}
		r = at(rapid.Float64Range(-1000, float64(n-windowSize-2)).Draw(t, "late"), 700, 700)
		before := doc
		tr.Fold(&r, pos(n+1))
		tr.Fill(&doc)
		if doc.Late+doc.Duplicates != 1 || doc.Lat != before.Lat || doc.Lon != before.Lon || doc.Time != before.Time ||
			doc.Status != before.Status {
			t.Fatalf("a late fix moved %+v\nto %+v", before, doc)
		}
	})
}
