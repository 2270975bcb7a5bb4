package mongoio_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
	"argos/io/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) argos.Store { return open(t, database(t)) }, cannot(t)...)
}

// cannot names the cases of the contract that the server can't pass, by asking it without the store.
func cannot(t *testing.T) (cases []string) {
	c := collection(t, database(t), "ability")
	point := func(lon float64) bson.D {
		return bson.D{{Key: "type", Value: "Point"}, {Key: "coordinates", Value: bson.A{lon, 0.}}}
	}
	set := func(lon float64) {
		_, err := c.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "a"}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "p", Value: point(lon)}}}}, options.UpdateOne().SetUpsert(true))
		must(t, err)
	}
	set(0)
	set(math.Copysign(0, -1))
	var got struct {
		P struct{ Coordinates []float64 }
	}
	must(t, c.FindOne(t.Context(), bson.D{}).Decode(&got))
	if !math.Signbit(got.P.Coordinates[0]) { // its $set leaves a number that is equal
		cases = append(cases, storetest.MinusZero)
	}
	if !answersGeo(t, c) {
		cases = append(cases, storetest.Box, storetest.BoxAgrees, storetest.SmallBoxes)
	}
	return cases
}

func answersGeo(t *testing.T, c *mongo.Collection) bool {
	near := bson.D{
		{
			Key:   "p",
			Value: bson.D{{Key: "$geoWithin", Value: bson.D{{Key: "$centerSphere", Value: bson.A{bson.A{0, 0}, 1}}}}},
		},
	}
	_, err := c.CountDocuments(t.Context(), near)
	if err != nil {
		t.Logf("the server answers no geo queries: %v", err)
	}
	return err == nil
}

func TestReopen(t *testing.T) {
	uri := database(t)
	storetest.Reopen(t, func(t *testing.T) argos.Store { return open(t, uri) })
}

// Others read the collection too: its shape is a contract.
func TestShape(t *testing.T) {
	uri := database(t)
	s := open(t, uri)
	want := document(1, 7)
	want.Attrs = []byte(`{"b":1.0,"a":"ä"}`)
	want.Heading = nan
	_, err := s.Upsert(t.Context(), []argos.Truck{want})
	must(t, err)
	must(t, s.SetMarks(t.Context(), []argos.Mark{{Topic: "a", Partition: 3, Epoch: 2, Offset: 99}}))

	var got bson.D
	must(t, collection(t, uri, "trucks").FindOne(t.Context(), bson.D{{Key: "_id", Value: "truck-00001"}}).Decode(&got))
	types := map[string]string{}
	for _, e := range got {
		types[e.Key] = typeOf(e.Value)
	}
	wantTypes := map[string]string{
		"_id": "string", "location": "document", "raw": "document", "heading": "null", "attrs": "string",
		"status": "string", "_argos": "document",
	}
	for _, k := range []string{"fixes", "duplicates", "late", "rejected"} {
		wantTypes[k] = "int64"
	}
	for _, k := range []string{"speed", "accuracy"} {
		wantTypes[k] = "double"
	}
	for _, k := range []string{"time", "recv", "updated"} {
		wantTypes[k] = "date"
	}
	for k, want := range wantTypes {
		if types[k] != want {
			t.Errorf("%s is a %s, want a %s", k, types[k], want)
		}
	}
	if len(types) != len(wantTypes) {
		t.Errorf("the document is %v", got)
	}
	point := field(got, "location").(bson.D)
	if place := field(point, "coordinates").(bson.A); field(point, "type") != "Point" || place[0] != want.Lon ||
		place[1] != want.Lat {
		t.Errorf("location is %v, want %v, %v", point, want.Lon, want.Lat)
	}
	machinery := field(got, "_argos").(bson.D)
	if rev, p := field(machinery, "rev"), field(machinery, "pos").(bson.D); rev != want.Rev ||
		field(p, "offset") != want.Pos.Next {
		t.Errorf("_argos is %v", machinery)
	}

	// What is not known is not there.
	want.Rev, want.Time, want.Lat, want.Lon = 8, 0, nan, nan
	_, err = s.Upsert(t.Context(), []argos.Truck{want})
	must(t, err)
	got = nil
	must(t, collection(t, uri, "trucks").FindOne(t.Context(), bson.D{{Key: "_id", Value: "truck-00001"}}).Decode(&got))
	if field(got, "location") != nil || field(got, "time") != nil {
		t.Errorf("the document of a truck without a position is %v", got)
	}

	var mark struct {
		Topic            string
		Partition, Epoch int32
		Next             int64
	}
	must(t, collection(t, uri, "marks").FindOne(t.Context(), bson.D{{Key: "_id", Value: "a/3"}}).Decode(&mark))
	if mark.Topic != "a" || mark.Partition != 3 || mark.Epoch != 2 || mark.Next != 99 {
		t.Errorf("the mark is %+v", mark)
	}
}

// A duplicate key that is not the id's is not "stale": the document is not in the store, and must not pass for stored.
func TestAnotherUniqueIndex(t *testing.T) {
	uri := database(t)
	s := open(t, uri)
	_, err := collection(t, uri, "trucks").Indexes().CreateOne(t.Context(), mongo.IndexModel{
		Keys: bson.D{{Key: "recv", Value: 1}}, Options: options.Index().SetUnique(true),
	})
	must(t, err)
	docs := []argos.Truck{document(1, 1), document(2, 2), document(3, 3), document(4, 1)}
	docs[0].Recv, docs[1].Recv, docs[2].Recv = 5, 6, 5
	_, err = s.Upsert(t.Context(), docs)
	u, ok := errors.AsType[*argos.Unwritable](err)
	if !ok || u.ID != "truck-00001" && u.ID != "truck-00003" {
		t.Fatalf("error %v, want one that names the truck", err)
	}
	missing := u.ID
	for _, d := range docs {
		got, err := s.Truck(t.Context(), d.ID)
		if d.ID == missing {
			if !errors.Is(err, argos.ErrNotFound) {
				t.Errorf("truck %s: error %v, want ErrNotFound", d.ID, err)
			}
		} else if err != nil || got.Rev != d.Rev {
			t.Errorf("truck %s: rev %d, error %v, want %d", d.ID, got.Rev, err, d.Rev)
		}
	}
	// Neither is it when the truck has an older document.
	newer := document(2, 5)
	newer.Recv = 5
	refused, err := s.Upsert(t.Context(), []argos.Truck{newer})
	if u, ok := errors.AsType[*argos.Unwritable](err); !ok || u.ID != "truck-00002" || len(refused) > 0 {
		t.Errorf("refused %v, error %v, want truck-00002 as unwritable", refused, err)
	}
}

// More documents than a bulk holds, of which some are stale, in no order.
func TestManyBulks(t *testing.T) {
	s := open(t, database(t))
	const n = 1203
	var first, second []argos.Truck
	for i := range n {
		if i%3 == 0 {
			first = append(first, document(i, 9))
		}
		second = append(second, document(n-1-i, 5))
	}
	_, err := s.Upsert(t.Context(), first)
	must(t, err)
	refused, err := s.Upsert(t.Context(), second)
	must(t, err)
	if len(refused) != len(first) {
		t.Fatalf("%d refused, want %d", len(refused), len(first))
	}
	slices.SortFunc(refused, func(a, b argos.Refusal) int { return strings.Compare(a.ID, b.ID) })
	for i, r := range refused {
		if r.ID != first[i].ID || r.Rev != 9 || r.Pos != first[i].Pos {
			t.Fatalf("refused %+v, want %s with rev 9", r, first[i].ID)
		}
	}
	all, err := s.After(t.Context(), "", 2*n)
	must(t, err)
	if len(all) != n {
		t.Fatalf("%d documents, want %d", len(all), n)
	}
	for i, d := range all {
		if want := int64(5 + 4*b2i(i%3 == 0)); d.Rev != want {
			t.Errorf("%s has rev %d, want %d", d.ID, d.Rev, want)
		}
	}
}
