package mongoio_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
	"argos/io/mongoio"
	"argos/rig"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "argos-mongoio-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	if started.Load() {
		if s, err := shared(); err == nil {
			s.Kill()
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var (
	scratch string
	started atomic.Bool
	// shared is the small server of all tests that need none of their own.
	shared = sync.OnceValues(func() (*rig.Mongo, error) {
		started.Store(true)
		return rig.StartMongo(context.Background(), scratch)
	})
	databases atomic.Int64
)

// full is the URI of a full server, or nothing.
func full() string { return os.Getenv("ARGOS_TEST_MONGO") }

// onlyFull skips what the small server can't stand, or what it says nothing of.
func onlyFull(t testing.TB) {
	t.Helper()
	if full() == "" {
		t.Skip("needs a full server: ARGOS_TEST_MONGO=mongodb://...")
	}
}

// database is the URI of an empty database, which is dropped when the test ends.
func database(t testing.TB) string {
	t.Helper()
	server := full()
	if server == "" {
		if testing.Short() {
			t.Skip("starts a server")
		}
		m, err := shared()
		if errors.Is(err, rig.ErrMissing) {
			t.Skip(err)
		}
		must(t, err)
		server = m.URI
	}
	name := fmt.Sprintf("argos_test_%d_%d", os.Getpid(), databases.Add(1))
	t.Cleanup(func() {
		if err := plain(t, server).Database(name).Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return within(server, name)
}

// within is a server's URI with a database.
func within(server, name string) string {
	address, query, _ := strings.Cut(server, "?")
	scheme, address, _ := strings.Cut(address, "://")
	hosts, users, _ := strings.Cut(address, "/")
	if strings.Contains(hosts, "@") && !strings.Contains(query, "authSource=") {
		query += "&authSource=" + cmp.Or(users, "admin") // else the new name would be taken for it
	}
	return strings.TrimSuffix(scheme+"://"+hosts+"/"+name+"?"+query, "?")
}

// plain is the driver without the store.
func plain(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(uri))
	must(t, err)
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c
}

// collection is the store's collection in the hands of another program.
func collection(t testing.TB, uri, name string) *mongo.Collection {
	t.Helper()
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	_, db, _ := strings.Cut(rest, "/")
	return plain(t, uri).Database(db).Collection(name)
}

func open(t testing.TB, uri string) argos.Store {
	t.Helper()
	s, err := mongoio.Open(context.Background(), uri)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually repeats what takes its time by itself, as the sink does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// document is revision rev of truck i, of the size that the pipeline writes.
func document(i int, rev int64) argos.Truck {
	lat, lon := 48+float64(i%1000)/1000, 11+float64(rev%1000)/1000
	return argos.Truck{
		ID: fmt.Sprintf("truck-%05d", i), Rev: rev, Pos: argos.Pos{Epoch: 1, Partition: int32(i % 8), Next: rev * 10},
		Time: 1_700_000_000_000 + rev*1000, Recv: 1_700_000_000_100 + rev*1000,
		Lat: lat, Lon: lon, Raw: argos.LatLon{Lat: lat + 1e-5, Lon: lon - 1e-5},
		Speed: 13.2, Heading: 271.5, Accuracy: 1.8,
		Status: argos.Moving, Fixes: rev, Track: make([]byte, 400),
	}
}

var nan = math.NaN()

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case int64:
		return "int64"
	case float64:
		return "double"
	case nil:
		return "null"
	case bson.D:
		return "document"
	case bson.Binary:
		return "binary"
	case bson.DateTime:
		return "date"
	}
	return fmt.Sprintf("%T", v)
}
