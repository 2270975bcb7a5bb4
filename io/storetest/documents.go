package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
)

func fields(t *testing.T, s argos.Store) {
	want := document("T-17", 3)
	before := time.Now().UnixMilli()
	if refused := upsert(t, s, want); len(refused) != 0 {
		t.Fatalf("the first document was refused: %+v", refused)
	}
	got := truck(t, s, "T-17")
	same(t, got, want)
	if now := time.Now().UnixMilli(); got.Updated < before || got.Updated > now {
		t.Errorf("updated is %d, want the time of writing, %d to %d", got.Updated, before, now)
	}
}

func anyDocument(t *testing.T, s argos.Store) {
	rev := int64(0)
	var attrs []byte // an upsert without leaves what was there
	rapid.Check(t, func(rt *rapid.T) {
		rev++
		want := anyTruck(rt, "T-17", rev)
		if refused, err := s.Upsert(t.Context(), []argos.Truck{want}); err != nil || len(refused) != 0 {
			rt.Fatalf("upsert of rev %d: refused %v, error %v", rev, refused, err)
		}
		if len(want.Attrs) > 0 {
			attrs = want.Attrs
		}
		want.Attrs = attrs
		got, err := s.Truck(t.Context(), "T-17")
		if err != nil {
			rt.Fatal(err)
		}
		if err := difference(got, want); err != nil {
			rt.Fatal(err)
		}
	})
}

// minusZero tells a store that compares numbers from one that compares their bits.
func minusZero(t *testing.T, s argos.Store) {
	for rev, lat := range []float64{0, math.Copysign(0, -1), 0} {
		want := at("T-1", lat, -lat)
		want.Rev = int64(rev + 1)
		upsert(t, s, want)
		same(t, truck(t, s, "T-1"), want)
	}
}

// unknownAgain: what is no longer known is not what it was before.
func unknownAgain(t *testing.T, s argos.Store) {
	upsert(t, s, at("T-1", 48.1, 11.5))
	want := nowhere("T-1")
	want.Rev, want.Time = 2, 0
	want.Raw = argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
	want.Speed, want.Heading, want.Accuracy = math.NaN(), math.NaN(), math.NaN()
	upsert(t, s, want)
	same(t, truck(t, s, "T-1"), want)
	known := at("T-1", -33.9, 151.2)
	known.Rev = 3
	upsert(t, s, known)
	same(t, truck(t, s, "T-1"), known)
}

func notFound(t *testing.T, s argos.Store) {
	upsert(t, s, document("T-1", 1))
	for _, id := range []string{"T-2", "", "t-1", "T-1 ", "T-%"} {
		if _, err := s.Truck(t.Context(), id); !isNotFound(err) {
			t.Errorf("truck %q: error %v, want ErrNotFound", id, err)
		}
	}
}

func byID(t *testing.T, s argos.Store) {
	const n = 700
	ids, trucks := make([]string, 0, n), make([]argos.Truck, 0, n)
	for i := range n {
		trucks = append(trucks, document(fmt.Sprintf("T-%03d", i), int64(i+1)))
		if i%2 == 0 {
			ids = append(ids, trucks[i].ID)
		}
	}
	upsert(t, s, trucks...)
	got, err := s.Trucks(t.Context(), append(slices.Clone(ids), "unknown", `quo"te`, ""))
	must(t, err)
	slices.SortFunc(got, func(a, b argos.Truck) int { return int(a.Rev - b.Rev) })
	if len(got) != len(ids) {
		t.Fatalf("%d documents for %d known ids", len(got), len(ids))
	}
	for i := range got {
		same(t, got[i], trucks[2*i])
	}
	for _, none := range [][]string{nil, {}, {"unknown"}} {
		if got, err := s.Trucks(t.Context(), none); err != nil || len(got) != 0 {
			t.Errorf("trucks %q: %d documents, error %v, want none", none, len(got), err)
		}
	}
}

func nothing(t *testing.T, s argos.Store) {
	for _, none := range [][]argos.Truck{nil, {}} {
		if refused, err := s.Upsert(t.Context(), none); err != nil || len(refused) != 0 {
			t.Errorf("upsert of nothing: refused %v, error %v", refused, err)
		}
	}
	must(t, s.SetMarks(t.Context(), nil))
}

func guard(t *testing.T, s argos.Store) {
	stored := document("T-1", 5)
	upsert(t, s, stored)
	for _, rev := range []int64{5, 4, 1} {
		want := argos.Refusal{ID: "T-1", Rev: 5, Pos: stored.Pos}
		if got := upsert(t, s, document("T-1", rev)); len(got) != 1 || got[0] != want {
			t.Errorf("rev %d onto 5: answered %+v, want %+v", rev, got, want)
		}
		same(t, truck(t, s, "T-1"), stored)
	}
	// In a call of several, only those that are not newer are refused.
	upsert(t, s, document("T-2", 2), document("T-3", 9))
	got := upsert(t, s, document("T-1", 6), document("T-2", 2), document("T-3", 8), document("T-4", 1))
	slices.SortFunc(got, func(a, b argos.Refusal) int { return int(a.Rev - b.Rev) })
	want := []argos.Refusal{
		{ID: "T-2", Rev: 2, Pos: document("T-2", 2).Pos},
		{ID: "T-3", Rev: 9, Pos: document("T-3", 9).Pos},
	}
	if !slices.Equal(got, want) {
		t.Errorf("a call of four answered %+v, want %+v", got, want)
	}
	for id, rev := range map[string]int64{"T-1": 6, "T-2": 2, "T-3": 9, "T-4": 1} {
		same(t, truck(t, s, id), document(id, rev))
	}
}

func attrsStay(t *testing.T, s argos.Store) {
	with, without := document("T-1", 1), document("T-1", 2)
	without.Attrs = nil
	upsert(t, s, with)
	upsert(t, s, without)
	without.Attrs = with.Attrs
	same(t, truck(t, s, "T-1"), without)

	other := document("T-1", 3)
	other.Attrs = []byte(`{}`)
	upsert(t, s, other)
	same(t, truck(t, s, "T-1"), other)

	never := document("T-2", 1)
	never.Attrs = nil
	upsert(t, s, never)
	if got := truck(t, s, "T-2").Attrs; len(got) != 0 {
		t.Errorf("a truck without attrs has %q", got)
	}
}

func identity(t *testing.T, s argos.Store) {
	drawn, err := s.Identity(t.Context())
	must(t, err)
	again, err := s.Identity(t.Context())
	must(t, err)
	if len(drawn) != 16 || again != drawn {
		t.Errorf("identity %q, then %q", drawn, again)
	}
	sameMarks(t, s, "")
}

func ended(t *testing.T, s argos.Store) {
	upsert(t, s, document("T-1", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Truck":  func() error { _, err := s.Truck(ctx, "T-1"); return err },
		"Trucks": func() error { _, err := s.Trucks(ctx, []string{"T-1"}); return err },
		"InBox": func() error {
			_, err := s.InBox(ctx, argos.Box{West: -180, South: -90, East: 180, North: 90}, 1)
			return err
		},
		"After":    func() error { _, err := s.After(ctx, "", 1); return err },
		"Totals":   func() error { _, err := s.Totals(ctx); return err },
		"Upsert":   func() error { _, err := s.Upsert(ctx, []argos.Truck{document("T-1", 2)}); return err },
		"Marks":    func() error { _, err := s.Marks(ctx, "a"); return err },
		"SetMarks": func() error { return s.SetMarks(ctx, []argos.Mark{{Topic: "a", Offset: 1}}) },
		"Identity": func() error { _, err := s.Identity(ctx); return err },
		"Ping":     func() error { return s.Ping(ctx) },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: error %v, want context.Canceled", name, err)
		}
	}
	same(t, truck(t, s, "T-1"), document("T-1", 1))
	sameMarks(t, s, "a")
}

// nowhere is a truck without an accepted position.
func nowhere(id string) argos.Truck {
	t := document(id, 1)
	t.Lat, t.Lon = math.NaN(), math.NaN()
	return t
}
