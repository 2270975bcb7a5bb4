package mongoio_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
)

// TestQueriesOfTheDocs runs every MongoDB example of docs/QUERIES.md. Each must find T-17, which is where and when they
// look, and none T-99, which is not; the projections hide what they say.
func TestQueriesOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/QUERIES.md")
	must(t, err)
	examples := regexp.MustCompile("(?s)```js\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) < 8 {
		t.Fatalf("%d examples", len(examples))
	}
	uri := database(t)
	s := open(t, uri)
	day := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC).UnixMilli()
	here, far := document(17, 3), document(99, 3)
	here.ID, here.Time, here.Lat, here.Lon = "T-17", day, 51.921, 4.481
	far.ID, far.Time, far.Lat, far.Lon, far.Status = "T-99", day-48*3_600_000, nan, nan, argos.Tentative
	_, err = s.Upsert(t.Context(), []argos.Truck{here, far})
	must(t, err)
	c := collection(t, uri, "trucks")
	old := bson.D{{Key: "$set", Value: bson.D{{Key: "updated", Value: bson.DateTime(day - 400*24*3_600_000)}}}}
	_, err = c.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "T-99"}}, old)
	must(t, err)
	geo := answersGeo(t, c)
	for _, x := range examples {
		t.Run(x[1][:min(len(x[1]), 60)], func(t *testing.T) {
			q := shell(t, x[1])
			if !geo && strings.Contains(x[1], "$geo") || !geo && strings.Contains(x[1], "$near") {
				t.Skip("this server answers no geo queries")
			}
			found := q.run(t, c)
			ids := map[any]bool{}
			for _, d := range found {
				ids[field(d, "_id")] = true
				if field(d, "_argos") != nil {
					t.Errorf("the answer has _argos: %v", d)
				}
			}
			if !ids["T-17"] || ids["T-99"] {
				t.Errorf("it finds %v, want T-17 and not T-99", ids)
			}
		})
	}
}

// query is a line of the MongoDB shell.
type query struct {
	verb  string
	args  bson.A
	sort  any
	limit int64
}

var (
	call     = regexp.MustCompile(`(?s)^db\.trucks\.(find|aggregate)\((.*?)\)((?:\.(?:sort|limit)\([^()]*\))*)$`)
	modifier = regexp.MustCompile(`\.(sort|limit)\(([^()]*)\)`)
	bareKey  = regexp.MustCompile(`([{,]\s*)([$A-Za-z_][\w.]*):`)
	ago      = regexp.MustCompile(`new Date\(Date\.now\(\) - (\d+)\)`)
	isoDate  = regexp.MustCompile(`ISODate\("([^"]*)"\)`)
)

// shell understands as much of the shell's language as the examples use.
func shell(t *testing.T, text string) (q query) {
	t.Helper()
	text = ago.ReplaceAllStringFunc(strings.TrimSpace(text), func(m string) string {
		ms, err := time.ParseDuration(ago.FindStringSubmatch(m)[1] + "ms")
		must(t, err)
		return fmt.Sprintf(`{"$date": %q}`, time.Now().Add(-ms).UTC().Format(time.RFC3339Nano))
	})
	m := call.FindStringSubmatch(isoDate.ReplaceAllString(text, `{"$$date": "$1"}`))
	if m == nil {
		t.Fatalf("no line of the shell: %s", text)
	}
	parse := func(js string) bson.A {
		var d struct{ A bson.A }
		must(t, bson.UnmarshalExtJSON([]byte(`{"a": [`+bareKey.ReplaceAllString(js, `$1"$2":`)+`]}`), false, &d))
		return d.A
	}
	q.verb, q.args = m[1], parse(m[2])
	for _, x := range modifier.FindAllStringSubmatch(m[3], -1) {
		if v := parse(x[2])[0]; x[1] == "sort" {
			q.sort = v
		} else {
			q.limit = int64(v.(int32))
		}
	}
	return q
}

func (q query) run(t *testing.T, c *mongo.Collection) (found []bson.D) {
	t.Helper()
	var cursor *mongo.Cursor
	var err error
	if q.verb == "aggregate" {
		cursor, err = c.Aggregate(t.Context(), q.args[0])
	} else {
		opts := options.Find().SetProjection(q.args[1]).SetLimit(q.limit)
		if q.sort != nil {
			opts.SetSort(q.sort)
		}
		cursor, err = c.Find(t.Context(), q.args[0], opts)
	}
	must(t, err)
	must(t, cursor.All(t.Context(), &found))
	return found
}
