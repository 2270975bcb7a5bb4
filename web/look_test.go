package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"argos"
)

// asked is a store of some trucks that counts what is asked of it.
type asked struct {
	argos.Store
	trucks               []argos.Truck
	takes                time.Duration // to count the totals
	totals, ones, pages  atomic.Int64
	several, severalSize atomic.Int64
}

func (s *asked) Totals(context.Context) (argos.Totals, error) {
	s.totals.Add(1)
	time.Sleep(s.takes)
	return argos.Totals{Trucks: int64(len(s.trucks))}, nil
}

func (s *asked) Truck(_ context.Context, id string) (argos.Truck, error) {
	s.ones.Add(1)
	for _, t := range s.trucks {
		if t.ID == id {
			return t, nil
		}
	}
	return argos.Truck{}, argos.ErrNotFound
}

func (s *asked) Trucks(_ context.Context, ids []string) ([]argos.Truck, error) {
	s.several.Add(1)
	s.severalSize.Store(int64(len(ids)))
	return nil, nil
}

func (s *asked) After(_ context.Context, _ string, limit int) ([]argos.Truck, error) {
	s.pages.Add(1)
	return slices.Clone(s.trucks[:min(limit, len(s.trucks))]), nil
}

func (s *asked) all() int64 {
	return s.totals.Load() + s.ones.Load() + s.pages.Load() + s.several.Load()
}

// TestNobodyLooks: the store is asked while somebody looks, for what they look at, and for nothing otherwise.
func TestNobodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &asked{trucks: fleet(1000)}
		s := New(Config{Store: store, Log: slog.New(slog.DiscardHandler)})
		defer s.Close()
		get := func(path string) {
			t.Helper()
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		time.Sleep(time.Hour)
		if n := store.all(); n != 0 {
			t.Fatalf("in an hour in which nobody looked the store was asked %d times", n)
		}
		for range 60 {
			get("/")
			time.Sleep(time.Second)
		}
		if n := store.totals.Load(); n < 50 || n > 60 {
			t.Errorf("in a minute of a page that asks once a second the totals were counted %d times", n)
		}
		if n := store.several.Load(); n != 0 {
			t.Errorf("trucks that are only listed were read %d times", n)
		}
		get("/v1/trucks/truck-00007/trail")
		time.Sleep(10 * time.Second)
		if n := store.several.Load(); n < 39 || n > 41 || store.severalSize.Load() != 1 {
			t.Errorf(
				"in 10 s after a trail was asked for, trucks were read %d times, %d each",
				n,
				store.severalSize.Load(),
			)
		}
		time.Sleep(2 * followedFor)
		before := store.all()
		time.Sleep(time.Hour)
		if n := store.all() - before; n != 0 {
			t.Errorf("in an hour after everybody had left the store was asked %d times", n)
		}
	})
}

// TestCountingIsBounded: a store that is slow to count is counted for a small share of the time, however many people
// look.
func TestCountingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &asked{trucks: fleet(10), takes: 3 * time.Second}
		s := New(Config{Store: store, Log: slog.New(slog.DiscardHandler)})
		defer s.Close()
		if got := s.watch.totals(t.Context()); got.Trucks != 0 {
			t.Errorf("the first totals are %+v before they were counted", got)
		}
		time.Sleep(store.takes)
		for range 6000 {
			if got := s.watch.totals(t.Context()); got.Trucks != 10 {
				t.Fatalf("totals %+v", got)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := store.totals.Load(); n < 9 || n > 11 {
			t.Errorf("in ten minutes it was counted %d times, 3 s each", n)
		}
	})
}
