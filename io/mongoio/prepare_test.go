package mongoio_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
)

func namesOfIndexes(t *testing.T, uri string) (names []string) {
	t.Helper()
	specs, err := collection(t, uri, "trucks").Indexes().ListSpecifications(t.Context())
	must(t, err)
	for _, s := range specs {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

func makeIndex(t *testing.T, uri, name string, keys bson.D) {
	t.Helper()
	_, err := collection(
		t,
		uri,
		"trucks",
	).Indexes().
		CreateOne(t.Context(), mongo.IndexModel{Keys: keys, Options: options.Index().SetName(name)})
	must(t, err)
}

// Opening again makes nothing new, and what is there serves the queries, whatever its name.
func TestIndexes(t *testing.T) {
	uri := database(t)
	open(t, uri)
	open(t, uri)
	if got := namesOfIndexes(t, uri); !slices.Equal(got, []string{"_id_", "trucks_location"}) {
		t.Errorf("indexes %v", got)
	}
	uri = database(t)
	makeIndex(t, uri, "ours", bson.D{{Key: "location", Value: "2dsphere"}})
	open(t, uri)
	if got := namesOfIndexes(t, uri); !slices.Equal(got, []string{"_id_", "ours"}) {
		t.Errorf("indexes %v", got)
	}
}

// An index is known by its keys: one of the right name on something else does not serve.
func TestIndexOnSomethingElse(t *testing.T) {
	for _, keys := range []bson.D{
		{{Key: "speed", Value: 1}},
		{{Key: "location", Value: 1}},
		{{Key: "location", Value: "2dsphere"}, {Key: "status", Value: 1}},
	} {
		uri := database(t)
		makeIndex(t, uri, "trucks_location", keys)
		refuses(t, uri, `dropIndex("trucks_location")`)
	}
}

// old is a document as versions before shape 2 wrote it.
func old(x argos.Truck) bson.D {
	number := func(f float64) any {
		if math.IsNaN(f) {
			return nil
		}
		return f
	}
	d := bson.D{
		{Key: "_id", Value: x.ID},
		{Key: "rev", Value: x.Rev},
		{
			Key: "pos",
			Value: bson.D{
				{Key: "epoch", Value: x.Pos.Epoch},
				{Key: "partition", Value: x.Pos.Partition},
				{Key: "next", Value: x.Pos.Next},
			},
		},
		{Key: "time", Value: x.Time},
		{Key: "recv", Value: x.Recv},
		{Key: "lat", Value: number(x.Lat)},
		{Key: "lon", Value: number(x.Lon)},
		{Key: "raw", Value: bson.D{{Key: "lat", Value: number(x.Raw.Lat)}, {Key: "lon", Value: number(x.Raw.Lon)}}},
		{Key: "speed", Value: number(x.Speed)},
		{Key: "heading", Value: number(x.Heading)},
		{Key: "accuracy", Value: number(x.Accuracy)},
		{Key: "status", Value: x.Status.String()},
		{Key: "fixes", Value: x.Fixes},
		{Key: "duplicates", Value: x.Duplicates},
		{Key: "late", Value: x.Late},
		{Key: "rejected", Value: x.Rejected},
		{Key: "track", Value: x.Track},
		{Key: "updated", Value: bson.DateTime(x.Updated)},
	}
	if x.Attrs != nil {
		d = append(d, bson.E{Key: "attrs", Value: string(x.Attrs)})
	}
	return d
}

// TestUpgrade: documents of the older shape are the same ones afterwards, bit for bit, also when it was cut off in the
// middle once, and another program's are left alone.
func TestUpgrade(t *testing.T) {
	uri := database(t)
	c := collection(t, uri, "trucks")
	makeIndex(t, uri, "trucks_place", bson.D{{Key: "lat", Value: 1}, {Key: "lon", Value: 1}})
	makeIndex(t, uri, "trucks_updated", bson.D{{Key: "updated", Value: 1}})
	foreign := bson.D{{Key: "_id", Value: "not argos'"}, {Key: "n", Value: 1}}
	want := map[string]argos.Truck{}
	var docs []any
	for i := range 1203 {
		x := document(i, int64(i+1))
		x.Updated = 1_700_000_001_000 + int64(i)
		switch i % 3 {
		case 0:
			x.Lat, x.Lon, x.Speed, x.Heading, x.Accuracy, x.Time = nan, nan, nan, nan, nan, 0
		case 1:
			x.Attrs = []byte(`{"load":1.0}`)
		}
		want[x.ID] = x
		docs = append(docs, old(x))
	}
	_, err := c.InsertMany(t.Context(), append(docs, foreign))
	must(t, err)
	check := func() {
		t.Helper()
		s := open(t, uri)
		for id, w := range want {
			got, err := s.Truck(t.Context(), id)
			must(t, err)
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", w) {
				t.Fatalf("%s is\n%+v, want\n%+v", id, got, w)
			}
		}
		if got := namesOfIndexes(t, uri); !slices.Equal(got, []string{"_id_", "trucks_location"}) {
			t.Errorf("indexes %v", got)
		}
	}
	check()
	if n, err := c.CountDocuments(t.Context(), foreign); err != nil ||
		n != 1 {
		t.Errorf("another program's document: %d, error %v", n, err)
	}

	// Half of it is old again, as after a kill -9 in the middle.
	makeIndex(t, uri, "trucks_place", bson.D{{Key: "lat", Value: 1}, {Key: "lon", Value: 1}})
	for i, d := range docs {
		if i%2 == 0 {
			_, err := c.ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: d.(bson.D)[0].Value}}, d)
			must(t, err)
		}
	}
	check()
}

// A document of the older shape that turns up later is told of, with the steps, and neither read as nothing nor written
// over.
func TestOldDocumentLater(t *testing.T) {
	uri := database(t)
	s := open(t, uri)
	_, err := collection(t, uri, "trucks").InsertOne(t.Context(), old(document(1, 9)))
	must(t, err)
	_, err = s.Truck(t.Context(), "truck-00001")
	tells := func(err error) {
		t.Helper()
		if _, unwritable := errors.AsType[*argos.Unwritable](err); err == nil || unwritable ||
			!errors.Is(err, argos.ErrDocument) ||
			!strings.Contains(err.Error(), "truck-00001") ||
			!strings.Contains(err.Error(), "trucks_place") {
			t.Errorf("error %v, want one that names the truck and the steps", err)
		}
	}
	tells(err)
	_, err = s.Upsert(t.Context(), []argos.Truck{document(1, 10)})
	tells(err)
	// The steps help.
	makeIndex(t, uri, "trucks_place", bson.D{{Key: "lat", Value: 1}, {Key: "lon", Value: 1}})
	s = open(t, uri)
	refused, err := s.Upsert(t.Context(), []argos.Truck{document(1, 10)})
	if err != nil || len(refused) > 0 {
		t.Errorf("refused %v, error %v", refused, err)
	}
}

// Who may not write is told who has to bring the documents up to date.
func TestUpgradeNeedsAWriter(t *testing.T) {
	server := script(t, func(c bson.D) bson.D {
		switch {
		case is(c, "listIndexes"):
			return cursor(indexOn("trucks_place", bson.D{{Key: "lat", Value: 1.}, {Key: "lon", Value: int64(1)}}))
		case is(c, "find"):
			return cursor(old(document(1, 9)))
		case is(c, "update"), is(c, "dropIndexes"), is(c, "createIndexes"):
			return failed(13, "Unauthorized")
		}
		return nil
	})
	refuses(t, server.uri, "argos pipeline has to be started once")
}
