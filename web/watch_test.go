package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"argos"
)

func TestTotals(t *testing.T) {
	s := serve(t)
	a, b := driven("a", 10), driven("b", 20)
	a.Duplicates, a.Late, a.Rejected = 1, 2, 3
	s.put(t, a, b)
	until(t, "both are counted", func() bool {
		return s.watch.totals(t.Context()) == argos.Totals{Trucks: 2, Fixes: 30, Duplicates: 1, Late: 2, Rejected: 3}
	})
	a.Rev, a.Fixes, a.Late = 12, 11, 4
	s.put(t, a)
	until(t, "the newer one is counted in its own place", func() bool {
		return s.watch.totals(t.Context()) == argos.Totals{Trucks: 2, Fixes: 31, Duplicates: 1, Late: 4, Rejected: 3}
	})
}

// A server that is started on a store that has been written to knows it.
func TestStartsWithWhatIsThere(t *testing.T) {
	s := serve(t)
	s.put(t, fleet(300)...)
	again := New(Config{Store: s.store, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	defer again.Close()
	until(t, "all are counted", func() bool { return again.watch.totals(t.Context()).Trucks == 300 })
}

func TestTrail(t *testing.T) {
	s := serve(t)
	type answer struct {
		ID     string `json:"_id"`
		Points []struct {
			Time          time.Time
			Location, Raw *struct{ Coordinates [2]float64 }
			Status        string
		}
	}
	var got answer
	s.put(t, unplaced("T-17"))
	s.getJSON(t, "/v1/trucks/T-17/trail", &got)
	if got.ID != "T-17" || len(got.Points) != 1 || got.Points[0].Location != nil ||
		got.Points[0].Status != "tentative" {
		t.Fatalf("the trail of a truck without a position is %+v", got)
	}
	for rev := int64(2); rev <= 5; rev++ {
		s.put(t, driven("T-17", rev))
		got = answer{}
		s.getJSON(t, "/v1/trucks/T-17/trail", &got)
	}
	if len(got.Points) != 5 {
		t.Fatalf("after 5 states the trail has %d points", len(got.Points))
	}
	want, last := driven("T-17", 5), got.Points[4]
	if last.Time.UnixMilli() != want.Time ||
		fmt.Sprint(last.Location.Coordinates) != fmt.Sprint(seven(want.Lon, want.Lat)) ||
		fmt.Sprint(last.Raw.Coordinates) != fmt.Sprint(seven(want.Raw.Lon, want.Raw.Lat)) ||
		last.Status != "moving" {
		t.Errorf("the last point is %+v, want that of %+v", last, want)
	}
	// Without being asked for, it goes on by itself.
	s.put(t, driven("T-17", 6))
	until(t, "the watch has seen the sixth state", func() bool {
		s.watch.trails.mu.Lock()
		defer s.watch.trails.mu.Unlock()
		return len(s.watch.trails.byID["T-17"].Value.(*trail).points) == 6
	})
}

func TestTrailIsBounded(t *testing.T) {
	ts := newTrails(10)
	for rev := range int64(3 * maxPoints) {
		x := driven("T-17", rev+1)
		ts.of(&x, time.Now())
	}
	x := driven("T-17", 3*maxPoints)
	got := ts.of(&x, time.Now())
	if len(got) != maxPoints || got[maxPoints-1].time != x.Time || got[0].time != driven("T-17", 2*maxPoints+1).Time {
		t.Errorf("%d points from %d to %d", len(got), got[0].time, got[len(got)-1].time)
	}
}

func TestTrailGoesForward(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ts := newTrails(10)
		rev := int64(0)
		for _, r := range rapid.SliceOfN(rapid.Int64Range(1, 30), 1, 60).Draw(rt, "revs") {
			x := driven("T-17", r)
			ts.of(&x, time.Now())
			rev = max(rev, r)
		}
		x := driven("T-17", rev)
		points := ts.of(&x, time.Now())
		if !slices.IsSortedFunc(points, func(a, b point) int { return int(a.time - b.time) }) ||
			points[len(points)-1].time != x.Time {
			rt.Fatalf("trail %+v, newest %d", points, x.Time)
		}
		for i := 1; i < len(points); i++ {
			if points[i].time == points[i-1].time {
				rt.Fatalf("the time %d is there twice", points[i].time)
			}
		}
	})
}

// A record that leaves the track's time as it is refines the last point, and one that sets it back begins anew.
func TestTrailPoints(t *testing.T) {
	ts := newTrails(10)
	state := func(rev, ms int64, lat float64) []point {
		x := driven("T-17", rev)
		x.Time, x.Lat = ms, lat
		return ts.of(&x, time.Now())
	}
	state(1, 1000, 1)
	state(2, 2000, 2)
	if got := state(3, 2000, 2.5); len(got) != 2 || got[1].clean.Lat != 2.5 || got[1].raw != driven("T-17", 2).Raw {
		t.Errorf("after a late record: %+v", got)
	}
	if got := state(4, 500, 0); len(got) != 1 || got[0].time != 500 {
		t.Errorf("after a step back: %+v", got)
	}
}

func TestTrailsAreBounded(t *testing.T) {
	ts := newTrails(3)
	now := time.Now()
	has := func(want ...string) {
		t.Helper()
		got := []string{}
		for id := range ts.byID {
			got = append(got, id)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("trails of %v, want %v", got, want)
		}
	}
	asked := func(id string, rev int64) []point {
		x := driven(id, rev)
		return ts.of(&x, now)
	}
	for _, id := range []string{"a", "b", "c"} {
		asked(id, 1)
	}
	x := driven("d", 1)
	ts.add(&x) // nobody looks at it
	has("a", "b", "c")
	asked("a", 2)
	ts.listed([]argos.Truck{driven("e", 1), driven("a", 3)})
	has("a", "c", "e") // b was looked at longest ago
	if got := asked("a", 4); len(got) != 4 {
		t.Errorf("the trail of one that was asked for three times and listed once has %d points", len(got))
	}
	x = driven("a", 2)
	if ts.add(&x); len(asked("a", 4)) != 4 {
		t.Error("an older state was taken in")
	}
}

// Who was asked for is followed for a while, who was only listed is not.
func TestFollowed(t *testing.T) {
	ts := newTrails(3)
	now := time.Now()
	ts.listed([]argos.Truck{driven("listed", 1)})
	x := driven("asked", 1)
	ts.of(&x, now)
	for d, want := range map[time.Duration][]string{0: {"asked"}, followedFor - 1: {"asked"}, followedFor: nil} {
		if got := ts.followed(now.Add(d)); !slices.Equal(got, want) {
			t.Errorf("after %v the followed are %v, want %v", d, got, want)
		}
	}
}

func TestPicture(t *testing.T) {
	s := serve(t)
	s.put(t, unplaced("new"), driven("alone", 1))
	nowhere := unplaced("nowhere")
	nowhere.Raw = argos.LatLon{Lat: nowhere.Lat, Lon: nowhere.Lon}
	outlier := driven("outlier", 1)
	outlier.Raw = argos.LatLon{}
	pole, dateline := driven("pole", 1), driven("dateline", 1)
	pole.Lat, pole.Lon, pole.Raw = 90, 0, argos.LatLon{Lat: 90, Lon: 180}
	dateline.Lat, dateline.Lon, dateline.Raw = 1, 180, argos.LatLon{Lat: 1, Lon: -179.9999}
	s.put(t, nowhere, outlier, pole, dateline)
	for id, want := range map[string]string{
		"new": "no accepted position yet", "nowhere": "no accepted position yet", "alone": ">clean<",
		"outlier": "raw (1 outside the picture)", "pole": "90.00° N", "dateline": ">raw<",
	} {
		for _, query := range []string{"", "?dark=1", "?dark=0&at=17"} {
			code, svg := s.get(t, "/v1/trucks/"+id+"/track.svg"+query)
			if code != http.StatusOK || !strings.HasPrefix(svg, "<?xml") || !strings.Contains(svg, ">"+id+"<") ||
				!strings.Contains(svg, want) {
				t.Errorf("the picture of %s%s: %d, want one with %q in %.300s", id, query, code, want, svg)
			}
		}
	}
}

// The axes' scale is one, whatever is shown.
func TestFrame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		coordinate := rapid.Float64Range(-1e5, 1e5)
		var shown []meters
		for i := range rapid.IntRange(1, 20).Draw(rt, "n") {
			shown = append(
				shown,
				meters{coordinate.Draw(rt, fmt.Sprint("east", i)), coordinate.Draw(rt, fmt.Sprint("north", i))},
			)
		}
		shape := rapid.Float64Range(.2, 5).Draw(rt, "shape")
		f := frameOf(shown, shape)
		w, h := f.max.east-f.min.east, f.max.north-f.min.north
		if r := w / h / shape; r < .999 || r > 1.001 {
			rt.Fatalf("frame %v by %v has not the shape %v", w, h, shape)
		}
		if w < minExtent*.999 || h < minExtent*.999 {
			rt.Fatalf("frame %v by %v is too small", w, h)
		}
		for _, m := range shown {
			if !f.holds(m) {
				rt.Fatalf("frame %+v leaves %+v out", f, m)
			}
		}
	})
}
