package storetest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

func at(id string, lat, lon float64) argos.Truck {
	t := document(id, 1)
	t.Lat, t.Lon = lat, lon
	return t
}

func ids(trucks []argos.Truck) []string {
	names := make([]string, 0, len(trucks))
	for _, t := range trucks {
		names = append(names, t.ID)
	}
	return names
}

func inBox(t *testing.T, s argos.Store) {
	upsert(
		t,
		s,
		at("munich", 48.1, 11.5),
		at("null", 0, 0),
		at("fiji", -18, 179.5),
		at("samoa", -14, -171.8),
		at(
			"east180",
			1,
			180,
		),
		at("west180", 1, -180),
		at("northpole", 90, 30),
		at("southpole", -90, -30),
		nowhere("nowhere"),
	)
	for _, c := range []struct {
		name  string
		box   argos.Box
		limit int
		want  []string
	}{
		{"around one", argos.Box{West: 11, South: 48, East: 12, North: 49}, 10, []string{"munich"}},
		{"edges west and south", argos.Box{West: 11.5, South: 48.1, East: 12, North: 49}, 10, []string{"munich"}},
		{"edges east and north", argos.Box{West: 11, South: 48, East: 11.5, North: 48.1}, 10, []string{"munich"}},
		{"a point", argos.Box{West: 11.5, South: 48.1, East: 11.5, North: 48.1}, 10, []string{"munich"}},
		{"just beside", argos.Box{West: 11.500001, South: 48, East: 12, North: 49}, 10, []string{}},
		{
			"across the antimeridian",
			argos.Box{West: 179, South: -20, East: -171, North: 5},
			10,
			[]string{"east180", "fiji", "samoa", "west180"},
		},
		{
			"across, its edge",
			argos.Box{West: 179.5, South: -20, East: -180, North: 5},
			10,
			[]string{"east180", "fiji", "west180"},
		},
		{"up to 180", argos.Box{West: 179, South: -20, East: 180, North: 5}, 10, []string{"east180", "fiji"}},
		{"north pole", argos.Box{West: -180, South: 89, East: 180, North: 90}, 10, []string{"northpole"}},
		{"south pole", argos.Box{West: -180, South: -90, East: 180, North: -90}, 10, []string{"southpole"}},
		{
			"all",
			argos.Box{West: -180, South: -90, East: 180, North: 90},
			100,
			[]string{"east180", "fiji", "munich", "northpole", "null", "samoa", "southpole", "west180"},
		},
		{
			"the first of all",
			argos.Box{West: -180, South: -90, East: 180, North: 90},
			3,
			[]string{"east180", "fiji", "munich"},
		},
		{"none of all", argos.Box{West: -180, South: -90, East: 180, North: 90}, 0, []string{}},
	} {
		got, err := s.InBox(t.Context(), c.box, c.limit)
		must(t, err)
		if !slices.Equal(ids(got), c.want) {
			t.Errorf("%s: %v, want %v", c.name, ids(got), c.want)
		}
	}
	got, err := s.InBox(t.Context(), argos.Box{West: 11, South: 48, East: 12, North: 49}, 1)
	must(t, err)
	want := at("munich", 48.1, 11.5)
	want.Track = nil
	same(t, got[0], want)
	if _, err := s.InBox(t.Context(), argos.Box{South: 2, North: 1}, 10); err == nil {
		t.Error("a box whose south is above its north was answered")
	}
}

// inBoxAgrees compares the store's query with the definition, on a grid so coarse that edges are hit often.
func inBoxAgrees(t *testing.T, s argos.Store) {
	var trucks []argos.Truck
	for lat := -90.0; lat <= 90; lat += 30 {
		for lon := -180.0; lon <= 180; lon += 30 {
			trucks = append(trucks, at(fmt.Sprintf("T%v_%v", lat, lon), lat, lon))
		}
	}
	slices.SortFunc(trucks, func(a, b argos.Truck) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	upsert(t, s, append(slices.Clone(trucks), nowhere("nowhere"))...)
	rapid.Check(t, func(rt *rapid.T) {
		lat, lon := rapid.IntRange(-6, 6), rapid.IntRange(-12, 12)
		south, north := lat.Draw(rt, "south"), lat.Draw(rt, "north")
		box := argos.Box{
			West: 15 * float64(lon.Draw(rt, "west")), East: 15 * float64(lon.Draw(rt, "east")),
			South: 15 * float64(min(south, north)), North: 15 * float64(max(south, north)),
		}
		want := []string{}
		for _, x := range trucks {
			if box.Contains(argos.LatLon{Lat: x.Lat, Lon: x.Lon}) {
				want = append(want, x.ID)
			}
		}
		got, err := s.InBox(t.Context(), box, 1000)
		if err != nil {
			rt.Fatal(err)
		}
		if !slices.Equal(ids(got), want) {
			rt.Fatalf("%+v: %v, want %v", box, ids(got), want)
		}
	})
}

// smallBoxes compares boxes of all sizes around trucks with the definition, wherever on earth: the usual question of a
// map.
func smallBoxes(t *testing.T, s argos.Store) {
	trucks := make([]argos.Truck, 0, 400)
	for i := range 400 {
		r := float64(i)
		lat, lon := math.Mod(r*37.31, 178)-89, math.Mod(r*101.77, 360)-180
		if i%4 == 0 { // a depot on a corner of whatever grid the store may have
			lat, lon = 51.9+float64(i%7)/100, 4.4+float64(i%5)/100
		}
		trucks = append(trucks, at(fmt.Sprintf("T-%03d", i), lat, lon))
	}
	upsert(t, s, trucks...)
	rapid.Check(t, func(rt *rapid.T) {
		centre := trucks[rapid.IntRange(0, len(trucks)-1).Draw(rt, "truck")]
		size := func(name string) float64 {
			return rapid.SampledFrom([]float64{0, 1e-9, 1e-4, .01, .02, .3, 2, 4.99, 5, 20, 44, 46, 100}).Draw(rt, name)
		}
		box := argos.Box{
			South: max(centre.Lat-size("south"), -90), North: min(centre.Lat+size("north"), 90),
			West: centre.Lon - size("west"), East: centre.Lon + size("east"),
		}
		if box.West < -180 {
			box.West += 360
		}
		if box.East > 180 {
			box.East -= 360
		}
		want := []string{}
		for _, x := range trucks {
			if box.Contains(argos.LatLon{Lat: x.Lat, Lon: x.Lon}) {
				want = append(want, x.ID)
			}
		}
		limit := rapid.SampledFrom([]int{1000, 3, 1}).Draw(rt, "limit")
		got, err := s.InBox(t.Context(), box, limit)
		if err != nil {
			rt.Fatal(err)
		}
		if want = want[:min(limit, len(want))]; !slices.Equal(ids(got), want) {
			rt.Fatalf("%+v: %v, want %v", box, ids(got), want)
		}
	})
}

func after(t *testing.T, s argos.Store) {
	want := make([]string, 0, 27)
	for i := range 25 {
		x := document(fmt.Sprintf("T-%02d", i*7%25), int64(i+1))
		upsert(t, s, x)
		want = append(want, x.ID)
	}
	upsert(t, s, nowhere("a"), document("Z", 1))
	want = append(want, "a", "Z")
	slices.Sort(want)
	for _, size := range []int{1, 4, 27, 100} {
		seen, last := []string{}, ""
		for {
			page, err := s.After(t.Context(), last, size)
			must(t, err)
			if len(page) > size {
				t.Fatalf("a page of %d has %d documents", size, len(page))
			}
			if len(page) == 0 {
				break
			}
			seen = append(seen, ids(page)...)
			last = page[len(page)-1].ID
		}
		if !slices.Equal(seen, want) {
			t.Errorf("pages of %d showed %v, want %v", size, seen, want)
		}
	}
	page, err := s.After(t.Context(), "Y", 1)
	must(t, err)
	same(t, page[0], document("Z", 1)) // its track included
}

// stamped: updated is when the store took the document, and a refused one was not taken.
func stamped(t *testing.T, s argos.Store) {
	upsert(t, s, document("T-1", 1))
	first := truck(t, s, "T-1").Updated
	until(t, func() bool { // a document whose time of writing is a later millisecond
		upsert(t, s, document("T-1", truckRev(t, s, "T-1")+1))
		return truck(t, s, "T-1").Updated > first
	})
	last := truck(t, s, "T-1")
	until(t, func() bool {
		upsert(t, s, document("T-2", truckRev(t, s, "T-2")+1))
		return truck(t, s, "T-2").Updated > last.Updated
	})
	upsert(t, s, document("T-1", last.Rev), document("T-3", 1))
	if got := truck(t, s, "T-1").Updated; got != last.Updated {
		t.Errorf("a refused document is stamped %d, want %d as before", got, last.Updated)
	}
}

func truckRev(t *testing.T, s argos.Store, id string) int64 {
	t.Helper()
	got, err := s.Truck(t.Context(), id)
	if isNotFound(err) {
		return 0
	}
	must(t, err)
	return got.Rev
}
