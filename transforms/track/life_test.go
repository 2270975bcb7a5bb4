package track

import (
	"fmt"
	"math"
	"testing"

	"argos"
)

// life folds records one by one and looks at the document.
type life struct {
	*testing.T
	track Track
	n     int
}

func (l *life) fold(r argos.Record) argos.Truck {
	l.Helper()
	if !l.track.Fold(&r, pos(l.n)) {
		l.Fatalf("record %d was not folded", l.n)
	}
	l.n++
	var d argos.Truck
	l.track.Fill(&d)
	onEarth(l, &d)
	return d
}

// drive folds fixes at 1 Hz on an eastward drive at 20 m/s, for the seconds [first, last].
func (l *life) drive(first, last int) (d argos.Truck) {
	l.Helper()
	for s := first; s <= last; s++ {
		d = l.fold(at(float64(s), 20*float64(s), 0))
	}
	return d
}

// is compares a document's time (s), distance east of the start (m, to 20 m) and counts.
func (l *life) is(what string, d argos.Truck, seconds, east float64, status argos.Status, counts ...int64) {
	l.Helper()
	e, n := from(&d)
	got := fmt.Sprint(d.Time-epoch2026, d.Status, []int64{d.Fixes, d.Duplicates, d.Late, d.Rejected})
	want := fmt.Sprint(int64(seconds*1000), status, counts)
	if got != want || math.Hypot(e-east, n) > 20 {
		l.Errorf("%s: %s at %.0f, %.0f m; want %s at %.0f m", what, got, e, n, want, east)
	}
}

func TestTentativeUntilThreeAgree(t *testing.T) {
	l := life{T: t}
	l.is("first fix, wrong", l.fold(at(0, 900, 0)), 0, 900, argos.Tentative, 1, 0, 0, 0)
	l.is("the newest wins", l.fold(at(1, 20, 0)), 1, 20, argos.Tentative, 2, 0, 0, 0)
	l.is("second that agrees", l.fold(at(2, 40, 0)), 2, 40, argos.Tentative, 3, 0, 0, 0)
	d := l.fold(at(3, 60, 0))
	l.is("third that agrees", d, 3, 60, argos.Moving, 4, 0, 0, 0)
	if d = l.drive(4, 30); math.Abs(d.Speed-20) > 0.5 || math.Abs(d.Heading-90) > 1 ||
		!(d.Accuracy > 0.5 && d.Accuracy < 4) {
		t.Errorf("speed %v, heading %v, accuracy %v", d.Speed, d.Heading, d.Accuracy)
	}
}

func TestDuplicatesAndLate(t *testing.T) {
	l := life{T: t}
	l.drive(0, 19) // the window holds 12 to 19, the anchor is at 11
	l.is("repeat of the newest, elsewhere", l.fold(at(19, 0, 500)), 19, 380, argos.Moving, 20, 1, 0, 0)
	l.is("repeat within the window", l.fold(at(12, 0, 0)), 19, 380, argos.Moving, 20, 2, 0, 0)
	l.is("repeat of the anchor", l.fold(at(11, 0, 0)), 19, 380, argos.Moving, 20, 3, 0, 0)
	l.is("older", l.fold(at(10.5, 210, 0)), 19, 380, argos.Moving, 20, 3, 1, 0)
	l.is("between", l.fold(at(18.5, 370, 0)), 19, 380, argos.Moving, 21, 3, 1, 0)
	l.is("between, far off", l.fold(at(17.5, 0, 700)), 19, 380, argos.Moving, 21, 3, 1, 1)
	l.is("a repeat of that", l.fold(at(17.5, 350, 0)), 19, 380, argos.Moving, 21, 4, 1, 1)
	invalid := at(20, 400, 0)
	invalid.Valid = false
	l.is("receiver without a fix", l.fold(invalid), 19, 380, argos.Moving, 21, 4, 1, 2)
	null := at(20, 400, 0)
	null.Lat, null.Lon = 0, 0
	l.is("null island", l.fold(null), 19, 380, argos.Moving, 21, 4, 1, 3)
}

func TestGapFollowsTheRhythm(t *testing.T) {
	e := estimate{}
	for _, c := range []struct {
		dt   float64
		want int64 // ms
	}{{0.1, 15_000}, {14, 15_000}, {60, 15_000}} {
		if e.learnInterval(c.dt); e.gap() != c.want {
			t.Errorf("after %v s: gap %d ms, want %d", c.dt, e.gap(), c.want)
		}
	}
	for range 40 {
		e.learnInterval(61)
	}
	if g := e.gap(); g < 302_000 || g > 308_000 {
		t.Errorf("reports each 61 s: gap %d ms", e.gap())
	}
	for e = (estimate{}); e.interval < maxInterval; {
		e.learnInterval(1e7)
	}
	if g := e.gap(); g < 5*86_000_000 || g > 5*86_800_000 {
		t.Errorf("reports each season: gap %d ms", e.gap())
	}
}

// Live, the gateway has judged the clock: after a silence the next fix is a new start at once.
func TestSilence(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	l.is("once", l.fold(at(30_000, 5000, 0)), 30_000, 5000, argos.Tentative, 22, 0, 0, 0)
	l.is("a repeat", l.fold(at(30_000, 5000, 0)), 30_000, 5000, argos.Tentative, 22, 1, 0, 0)
	l.is("twice", l.fold(at(30_001, 5020, 0)), 30_001, 5020, argos.Tentative, 23, 1, 0, 0)
	l.is("three agree", l.fold(at(30_002, 5040, 0)), 30_002, 5040, argos.Moving, 24, 1, 0, 0)
	l.is("within the window is no time of its own", l.fold(at(19.5, 390, 0)), 30_002, 5040, argos.Moving, 25, 1, 0, 0)
}

// recorded is a fix of a recording.
func recorded(seconds, east, north float64) argos.Record {
	r := at(seconds, east, north)
	r.Recorded = true
	return r
}

// In recordings a silence above ten minutes may be a wrong clock: two more fixes must agree.
func TestSilenceInRecordings(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	l.is("once", l.fold(recorded(30_000, 5000, 0)), 20, 400, argos.Moving, 21, 0, 0, 1)
	l.is("a repeat of what waits", l.fold(recorded(30_000, 5000, 0)), 20, 400, argos.Moving, 21, 1, 0, 1)
	l.is("twice", l.fold(recorded(30_001, 5020, 0)), 20, 400, argos.Moving, 21, 1, 0, 2)
	l.is("three agree", l.fold(recorded(30_002, 5040, 0)), 30_002, 5040, argos.Moving, 24, 1, 0, 0)
	l.is("and on", l.fold(recorded(30_003, 5060, 0)), 30_003, 5060, argos.Moving, 25, 1, 0, 0)
	l.is("before the silence is late", l.fold(recorded(19.5, 390, 0)), 30_003, 5060, argos.Moving, 25, 1, 1, 0)
}

func TestWrongClockInRecordings(t *testing.T) {
	l := life{T: t}
	l.drive(0, 20)
	l.is("an hour ahead", l.fold(recorded(3621, 420, 0)), 20, 400, argos.Moving, 21, 0, 0, 1)
	l.is("time goes back", l.fold(recorded(22, 440, 0)), 22, 440, argos.Moving, 22, 0, 0, 1)
	l.is("a day ahead", l.fold(recorded(86_423, 460, 0)), 22, 440, argos.Moving, 22, 0, 0, 2)
	l.is("an hour ahead does not agree", l.fold(recorded(3624, 480, 0)), 22, 440, argos.Moving, 22, 0, 0, 3)
	l.is("elsewhere at that time neither", l.fold(recorded(3625, 9000, 0)), 22, 440, argos.Moving, 22, 0, 0, 4)
	l.is("nor somewhere else", l.fold(recorded(3626, 18_000, 0)), 22, 440, argos.Moving, 22, 0, 0, 5)
	l.is("time goes back again", l.fold(recorded(26, 520, 0)), 26, 520, argos.Moving, 23, 0, 0, 5)
	// Parked right after a wrong clock: that fix is not taken into the new start, because of its rhythm.
	l.fold(recorded(7200, 520, 0))
	l.fold(recorded(13_000, 520, 0))
	l.is("two reports and a stray one", l.fold(recorded(13_001, 520, 0)), 26, 520, argos.Moving, 23, 0, 0, 8)
	l.is("three reports", l.fold(recorded(13_002, 520, 0)), 13_002, 520, argos.Moving, 26, 0, 0, 6)
}

// A truck with any report rhythm moves with every fix after its start.
func TestSlowReporters(t *testing.T) {
	for _, interval := range []float64{0.1, 1, 10, 30, 61, 120, 300, 3600, 86_400} {
		l := life{T: t}
		for i := range 40 {
			jitter := 0.1 * interval * float64(i%3)
			d := l.fold(at(interval*float64(i)+jitter, 200*float64(i%7), 0))
			if want := epoch2026 + int64(math.Round(1000*(interval*float64(i)+jitter))); i > agreeing &&
				d.Time != want {
				t.Errorf("every %v s: fix %d of time %d leaves the document at %d", interval, i, want, d.Time)
			}
		}
	}
}

func TestStopped(t *testing.T) {
	l := life{T: t}
	for s := range 20 {
		r := at(float64(s), float64(s%3), 0)
		r.Speed = 0.1
		l.fold(r)
	}
	r := at(20, 1, 0)
	r.Speed = 0.1
	if d := l.fold(r); d.Status != argos.Stopped || !math.IsNaN(d.Heading) || d.Speed != 0 {
		t.Errorf("reported speed 0.1: %+v", d)
	}
	r = at(21, 4, 0)
	r.Speed = 4
	if d := l.fold(r); d.Status != argos.Moving {
		t.Errorf("reported speed 4: %+v", d)
	}
	l = life{T: t}
	for i := range 10 { // no speed is reported, a minute between fixes
		d := l.fold(at(60*float64(i), 3*float64(i%2), 0))
		if i >= agreeing && d.Status != argos.Stopped {
			t.Errorf("fix %d of a parked truck: %+v", i, d)
		}
	}
}

// The plane follows a truck around the earth, over the antimeridian and close to a pole.
func TestFarDrives(t *testing.T) {
	for _, c := range []struct{ lat, lon, dLat, dLon float64 }{
		{51, 4, 0.0002, 0.0003},
		{-17, 179.9, 0, 0.0002},
		{-17, -179.9, 0.0001, -0.0002},
		{89.5, 0, 0.0001, 0},
		{89.9, 170, 0, 0.05},
		{0.1, 0.1, -0.0002, -0.0003},
	} {
		l := life{T: t}
		for s := range 3600 {
			f := argos.NewFix("T-1", epoch2026+1000*int64(s), c.lat+c.dLat*float64(s), c.lon+c.dLon*float64(s))
			f.Lon = math.Remainder(f.Lon, 360)
			d := l.fold(argos.Record{Fix: f})
			if e := &l.track.live; math.Hypot(e.kf.X[0][0], e.kf.X[1][0]) > e.plane.Reach() {
				t.Fatalf("%+v, second %d: the plane stays behind: %v", c, s, e.kf.X)
			}
			if off := metres(argos.LatLon{Lat: d.Lat, Lon: d.Lon}, argos.LatLon{Lat: f.Lat, Lon: f.Lon}); s > 10 &&
				off > 30 {
				t.Fatalf("%+v, second %d: the document is %.0f m from the fix: %+v", c, s, off, d)
			}
		}
	}
}

// metres is the distance between two places near each other, on a sphere.
func metres(a, b argos.LatLon) float64 {
	const rad = math.Pi / 180
	x := math.Remainder(b.Lon-a.Lon, 360) * rad * math.Cos((a.Lat+b.Lat)/2*rad)
	return 6371000 * math.Hypot(x, (b.Lat-a.Lat)*rad)
}
