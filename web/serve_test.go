package web

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/io/sqliteio"
)

// served is a server on a socket, over a SQLite file.
type served struct {
	*Server
	store argos.Store
	url   string
}

func serve(t testing.TB) served {
	t.Helper()
	store, err := sqliteio.Open(t.Context(), sqliteio.URI(filepath.Join(t.TempDir(), "trucks.db")))
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Store: store, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		h.Close()
		s.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return served{s, store, h.URL}
}

func (s served) put(t testing.TB, trucks ...argos.Truck) {
	t.Helper()
	if refused, err := s.store.Upsert(t.Context(), trucks); err != nil || len(refused) != 0 {
		t.Fatal(refused, err)
	}
}

// get answers the status and the body of a path.
func (s served) get(t testing.TB, path string) (int, string) {
	t.Helper()
	r, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func (s served) getJSON(t testing.TB, path string, dst any) {
	t.Helper()
	code, body := s.get(t, path)
	if code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), dst); err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
}

// until repeats f until it answers true.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("within 30 s it has not come true: %s", what)
		}
	}
}

const metersNorth = 1 / metersPerDegree

// driven is revision rev of a truck that goes round winding streets at 1 Hz, with noise that lasts as GNSS noise does.
func driven(id string, rev int64) argos.Truck {
	r := rand.New(rand.NewPCG(uint64(len(id)), uint64(rev/7)))
	s := float64(rev)
	north := 400*math.Sin(s/90) + 60*math.Sin(s/17) + 8*s/10
	east := 600*math.Sin(s/140+1) + 40*math.Cos(s/23)
	lat, lon := 48.137+north*metersNorth, 11.575+east*metersNorth/math.Cos(48.137*math.Pi/180)
	raw := argos.LatLon{
		Lat: lat + (6*r.NormFloat64()+1.5*math.Sin(s*5))*metersNorth,
		Lon: lon + (6*r.NormFloat64()+1.5*math.Cos(s*7))*metersNorth*1.5,
	}
	return argos.Truck{
		ID: id, Rev: rev, Pos: argos.Pos{Epoch: 1, Partition: 2, Next: rev}, Time: 1_700_000_000_000 + 1000*rev,
		Recv: 1_700_000_000_100 + 1000*rev, Lat: lat, Lon: lon, Raw: raw, Speed: 13.2, Heading: 271.5, Accuracy: 1.75,
		Status: argos.Moving, Fixes: rev, Attrs: []byte(`{"driver":"J"}`), Track: []byte{1, 2, 3},
	}
}

// unplaced is a truck like driven that has not had an accepted fix.
func unplaced(id string) argos.Truck {
	t := driven(id, 1)
	nan := math.NaN()
	t.Lat, t.Lon, t.Speed, t.Heading, t.Accuracy, t.Status = nan, nan, nan, nan, nan, argos.Tentative
	t.Time, t.Fixes, t.Rejected, t.Attrs = 0, 0, 1, nil
	return t
}

func fleet(n int) []argos.Truck {
	trucks := make([]argos.Truck, 0, n)
	for i := range n {
		trucks = append(trucks, driven(fmt.Sprintf("truck-%05d", i), 1))
	}
	return trucks
}
