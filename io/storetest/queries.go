package storetest

import (
	"fmt"
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
	upsert(t, s,
		at("munich", 48.1, 11.5), at("null", 0, 0), at("fiji", -18, 179.5), at("samoa", -14, -171.8),
		at("east180", 1, 180), at("west180", 1, -180), at("northpole", 90, 30), at("southpole", -90, -30), nowhere("nowhere"))
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
		{"across the antimeridian", argos.Box{West: 179, South: -20, East: -171, North: 5}, 10, []string{"east180", "fiji", "samoa", "west180"}},
		{"across, its edge", argos.Box{West: 179.5, South: -20, East: -180, North: 5}, 10, []string{"east180", "fiji", "west180"}},
		{"up to 180", argos.Box{West: 179, South: -20, East: 180, North: 5}, 10, []string{"east180", "fiji"}},
		{"north pole", argos.Box{West: -180, South: 89, East: 180, North: 90}, 10, []string{"northpole"}},
		{"south pole", argos.Box{West: -180, South: -90, East: 180, North: -90}, 10, []string{"southpole"}},
		{
			"all",
			argos.Box{West: -180, South: -90, East: 180, North: 90},
			100,
			[]string{"east180", "fiji", "munich", "northpole", "null", "samoa", "southpole", "west180"},
		},
		{"the first of all", argos.Box{West: -180, South: -90, East: 180, North: 90}, 3, []string{"east180", "fiji", "munich"}},
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

func changed(t *testing.T, s argos.Store) {
	upsert(t, s, document("T-1", 1), document("T-2", 1))
	// Documents of one call may have different times, in any order.
	a, b := truck(t, s, "T-1").Updated, truck(t, s, "T-2").Updated
	first, second := min(a, b), max(a, b)
	until(t, func() bool { // a document whose time of writing is a later millisecond
		upsert(t, s, document("T-3", truckRev(t, s, "T-3")+1))
		return truck(t, s, "T-3").Updated > second
	})
	last := truck(t, s, "T-3").Updated
	get := func(since int64, limit int) []argos.Truck {
		got, err := s.Changed(t.Context(), since, limit)
		must(t, err)
		if !slices.IsSortedFunc(got, func(a, b argos.Truck) int { return int(a.Updated - b.Updated) }) {
			t.Errorf("changed since %d: not oldest first", since)
		}
		return got
	}
	for _, c := range []struct {
		since int64
		limit int
		want  []string
	}{
		{0, 10, []string{"T-1", "T-2", "T-3"}},
		{first, 10, []string{"T-1", "T-2", "T-3"}},
		{second + 1, 10, []string{"T-3"}},
		{last, 10, []string{"T-3"}},
		{last + 1, 10, []string{}},
	} {
		got := ids(get(c.since, c.limit))
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("changed since %d: %v, want %v", c.since, got, c.want)
		}
	}
	if got := get(0, 2); len(got) != 2 || slices.Contains(ids(got), "T-3") {
		t.Errorf("the two oldest are %v", ids(got))
	}
	want := document("T-3", truckRev(t, s, "T-3"))
	want.Track = nil
	same(t, get(last, 1)[0], want)

	// A refused document was not written, so it has not changed.
	upsert(t, s, document("T-1", 1))
	if got := get(last+1, 10); len(got) != 0 {
		t.Errorf("a refused document counts as changed: %v", ids(got))
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
