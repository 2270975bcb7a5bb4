// Package storetest is the contract of argos.Store as tests: every store passes Run, and every store that outlives its
// process passes Reopen.
package storetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// Cases of Run that a test server may fail through no fault of the store: it has to be asked whether it does.
const (
	MinusZero  = "minus zero onto zero"
	Box        = "a box"
	BoxAgrees  = "a box agrees with Box.Contains"
	SmallBoxes = "small boxes agree with Box.Contains"
)

// Run tests the contract. open returns an empty store each time, and sees to its closing by t.Cleanup. The cases named
// in without are skipped.
func Run(t *testing.T, open func(t *testing.T) argos.Store, without ...string) {
	for _, c := range []struct {
		name string
		test func(*testing.T, argos.Store)
	}{
		{"every field comes back", fields},
		{"any document comes back", anyDocument},
		{MinusZero, minusZero},
		{"what is unknown again", unknownAgain},
		{"an unknown truck is not found", notFound},
		{"several trucks by id", byID},
		{"nothing to write", nothing},
		{"the guard", guard},
		{"attrs stay when none are given", attrsStay},
		{Box, inBox},
		{BoxAgrees, inBoxAgrees},
		{SmallBoxes, smallBoxes},
		{"pages of all", after},
		{"the time of writing", stamped},
		{"totals", totals},
		{"writers with the same revision", sameRevision},
		{"writers with overlapping sets", overlapping},
		{"marks never go back", marksForward},
		{"marks written at once", marksAtOnce},
		{"an identity", identity},
		{"a context that has ended", ended},
		{"ping", func(t *testing.T, s argos.Store) { must(t, s.Ping(t.Context())) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if slices.Contains(without, c.name) {
				t.Skip("this server does not do that")
			}
			c.test(t, open(t))
		})
	}
}

// Reopen tests that a store keeps everything when it is closed and opened again. open returns the same store each time,
// empty at first; Reopen closes it.
func Reopen(t *testing.T, open func(t *testing.T) argos.Store) {
	s := open(t)
	want := document("T-1", 7)
	upsert(t, s, want, document("T-2", 1))
	must(t, s.SetMarks(t.Context(), []argos.Mark{{Topic: "a", Partition: 3, Epoch: 2, Offset: 99}}))
	must(t, s.Close())

	s = open(t)
	same(t, truck(t, s, "T-1"), want)
	if got := upsert(t, s, document("T-1", 6)); len(got) != 1 || got[0].Rev != 7 {
		t.Errorf("the guard of a reopened store answers %+v, want a refusal with rev 7", got)
	}
	sameMarks(t, s, "a", argos.Mark{Topic: "a", Partition: 3, Epoch: 2, Offset: 99})
	must(t, s.SetMarks(t.Context(), []argos.Mark{{Topic: "a", Partition: 3, Epoch: 2, Offset: 98}}))
	sameMarks(t, s, "a", argos.Mark{Topic: "a", Partition: 3, Epoch: 2, Offset: 99})
	must(t, s.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// document is a document in which every field differs from all others.
func document(id string, rev int64) argos.Truck {
	r := float64(rev)
	return argos.Truck{
		ID: id, Rev: rev, Pos: argos.Pos{Epoch: 2, Partition: 5, Next: 1000 + 10*rev},
		Time: 1_700_000_000_000 + rev, Recv: 1_700_000_000_500 + rev, Lat: 48.1 + r/1e6, Lon: 11.5 - r/1e6,
		Raw: argos.LatLon{Lat: 48.2 + r/1e6, Lon: 11.6 - r/1e6}, Speed: 13.25, Heading: 271.5, Accuracy: 1.875,
		Status: argos.Stopped, Fixes: rev, Duplicates: 2, Late: 3, Rejected: 4,
		Attrs: []byte(`{"driver":"Jörg \"J\"","load_kg":12000.5}`), Track: []byte{0, 1, 2, 0xff, 0, 7, byte(rev)},
	}
}

func upsert(t *testing.T, s argos.Store, trucks ...argos.Truck) []argos.Refusal {
	t.Helper()
	refused, err := s.Upsert(t.Context(), trucks)
	must(t, err)
	return refused
}

func truck(t *testing.T, s argos.Store, id string) argos.Truck {
	t.Helper()
	got, err := s.Truck(t.Context(), id)
	must(t, err)
	return got
}

// difference names the first field in which two documents differ, bit for bit but for the bits of a NaN, of which only
// that it is one matters. Updated is the store's.
func difference(got, want argos.Truck) error {
	for _, x := range []struct {
		name      string
		got, want float64
	}{
		{"lat", got.Lat, want.Lat},
		{"lon", got.Lon, want.Lon},
		{"raw.lat", got.Raw.Lat, want.Raw.Lat},
		{"raw.lon", got.Raw.Lon, want.Raw.Lon},
		{"speed", got.Speed, want.Speed},
		{"heading", got.Heading, want.Heading},
		{"accuracy", got.Accuracy, want.Accuracy},
	} {
		if math.Float64bits(x.got) != math.Float64bits(x.want) && !(math.IsNaN(x.got) && math.IsNaN(x.want)) {
			return fmt.Errorf(
				"%s came back as %v (%x), want %v (%x)",
				x.name,
				x.got,
				math.Float64bits(x.got),
				x.want,
				math.Float64bits(x.want),
			)
		}
	}
	for _, x := range []struct {
		name      string
		got, want any
	}{
		{"id", got.ID, want.ID},
		{"rev", got.Rev, want.Rev},
		{"pos", got.Pos, want.Pos},
		{"time", got.Time, want.Time},
		{"recv", got.Recv, want.Recv},
		{"status", got.Status, want.Status},
		{"fixes", got.Fixes, want.Fixes},
		{"duplicates", got.Duplicates, want.Duplicates},
		{"late", got.Late, want.Late},
		{"rejected", got.Rejected, want.Rejected},
		{"attrs", string(got.Attrs), string(want.Attrs)},
		{"track", string(got.Track), string(want.Track)},
	} {
		if x.got != x.want {
			return fmt.Errorf("%s came back as %v, want %v", x.name, x.got, x.want)
		}
	}
	return nil
}

func same(t *testing.T, got, want argos.Truck) {
	t.Helper()
	if err := difference(got, want); err != nil {
		t.Errorf("truck %s: %v", want.ID, err)
	}
}

// anyTruck draws a document with every kind of value that a field can hold.
func anyTruck(rt *rapid.T, id string, rev int64) argos.Truck {
	count := rapid.Int64Range(0, math.MaxInt64)
	time := rapid.Int64Range(0, 253_402_300_799_999) // to the end of the year 9999
	quantity := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-180, 180),
		rapid.SampledFrom([]float64{math.NaN(), 0, 1, -1, math.MaxFloat64, math.SmallestNonzeroFloat64})).
		Filter(notMinusZero)
	f := func(name string) float64 { return quantity.Draw(rt, name) }
	n := func(name string) int64 { return count.Draw(rt, name) }
	place, raw := anyPlace(rt, "place"), anyPlace(rt, "raw")
	t := argos.Truck{
		ID: id, Rev: rev,
		Pos: argos.Pos{
			Epoch:     rapid.Int32Min(0).Draw(rt, "epoch"),
			Partition: rapid.Int32Min(0).Draw(rt, "partition"),
			Next:      n("next"),
		},
		Time: time.Draw(rt, "time"), Recv: time.Draw(rt, "recv"), Lat: place.Lat, Lon: place.Lon, Raw: raw,
		Speed: f("speed"), Heading: f("heading"), Accuracy: f("accuracy"),
		Status: rapid.SampledFrom([]argos.Status{argos.Tentative, argos.Moving, argos.Stopped}).Draw(rt, "status"),
		Fixes:  n("fixes"), Duplicates: n("duplicates"), Late: n("late"), Rejected: n("rejected"),
		Track: rapid.SliceOfN(rapid.Byte(), 0, 512).Draw(rt, "track"),
	}
	if rapid.Bool().Draw(rt, "has attrs") {
		t.Attrs = fmt.Appendf(nil, `{"note":%q}`, rapid.StringMatching(`[ -~äöü€🚚]{0,40}`).Draw(rt, "note"))
	}
	return t
}

// anyPlace draws a place on earth, or none.
func anyPlace(rt *rapid.T, name string) argos.LatLon {
	if rapid.IntRange(0, 4).Draw(rt, name+" is unknown") == 0 {
		return argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
	}
	return argos.LatLon{
		Lat: rapid.Float64Range(-90, 90).Filter(notMinusZero).Draw(rt, name+".lat"),
		Lon: rapid.Float64Range(-180, 180).Filter(notMinusZero).Draw(rt, name+".lon"),
	}
}

// notMinusZero leaves to MinusZero what is a case of its own.
func notMinusZero(x float64) bool { return x != 0 || !math.Signbit(x) }

func isNotFound(err error) bool { return errors.Is(err, argos.ErrNotFound) }
