package mongoio_test

import (
	"errors"
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
	var without []string
	if full() == "" {
		without = []string{storetest.MinusZero} // mongo-java-server's $set leaves a number that is equal
	}
	storetest.Run(t, func(t *testing.T) argos.Store { return open(t, database(t)) }, without...)
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
	wantTypes := map[string]string{"_id": "string", "rev": "int64", "pos": "document", "raw": "document", "heading": "null", "attrs": "string", "track": "binary", "updated": "date", "status": "string"}
	for _, k := range []string{"time", "recv", "fixes", "duplicates", "late", "rejected"} {
		wantTypes[k] = "int64"
	}
	for _, k := range []string{"lat", "lon", "speed", "accuracy"} {
		wantTypes[k] = "double"
	}
	for k, want := range wantTypes {
		if types[k] != want {
			t.Errorf("%s is a %s, want a %s", k, types[k], want)
		}
	}
	if len(types) != len(wantTypes) {
		t.Errorf("the document is %v", got)
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

// Opening again makes nothing new, and what is there serves the queries.
func TestIndexes(t *testing.T) {
	uri := database(t)
	open(t, uri)
	open(t, uri)
	specs, err := collection(t, uri, "trucks").Indexes().ListSpecifications(t.Context())
	must(t, err)
	var names []string
	for _, s := range specs {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"_id_", "trucks_place", "trucks_updated"}) {
		t.Errorf("indexes %v", names)
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
