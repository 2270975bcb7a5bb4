package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
)

// sick is a store that fails in ways that a file does not.
type sick struct {
	argos.Store
	truck  func(context.Context) error
	totals func(context.Context) (argos.Totals, error)
}

func (s sick) Truck(ctx context.Context, _ string) (argos.Truck, error) {
	return argos.Truck{}, s.truck(ctx)
}

func (s sick) Totals(ctx context.Context) (argos.Totals, error) { return s.totals(ctx) }

func TestStoreFails(t *testing.T) {
	for name, c := range map[string]struct {
		truck func(context.Context) error
		code  int
		says  string
	}{
		"it is slow":           {func(context.Context) error { return context.DeadlineExceeded }, 503, "not answered in time"},
		"it is broken":         {func(context.Context) error { return errors.New("disk on fire at /secret") }, 503, "can't be read at present"},
		"a document is broken": {func(context.Context) error { return fmt.Errorf("%w: secret", argos.ErrDocument) }, 500, "a document that"},
		"it panics":            {func(context.Context) error { panic("ouch") }, 500, "made a mistake"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Store: sick{truck: c.truck}, Log: slog.New(slog.DiscardHandler)})
			defer s.Close()
			for _, path := range []string{"/v1/trucks/T-17", "/v1/trucks/T-17/track.svg"} {
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				if body := w.Body.String(); w.Code != c.code || !strings.Contains(body, c.says) ||
					strings.Contains(body, "secret") {
					t.Errorf("%s: %d %s, want %d with %q", path, w.Code, body, c.code, c.says)
				}
			}
		})
	}
}

func TestRequestsHaveADeadline(t *testing.T) {
	s := New(Config{Log: slog.New(slog.DiscardHandler), Store: sick{truck: func(ctx context.Context) error {
		if _, has := ctx.Deadline(); !has {
			t.Error("the store may take for ever")
		}
		return argos.ErrNotFound
	}}})
	defer s.Close()
	s.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/trucks/T-17", nil))
}

// A store that fails for a while is asked again, and the failures are counted.
func TestWatchGoesOn(t *testing.T) {
	var polls atomic.Int64
	reg := prometheus.NewRegistry()
	s := New(
		Config{
			Log:        slog.New(slog.DiscardHandler),
			Registerer: reg,
			Store: sick{totals: func(context.Context) (argos.Totals, error) {
				if polls.Add(1) <= 2 {
					return argos.Totals{}, errors.New("not now")
				}
				return argos.Totals{Trucks: 1}, nil
			}},
		},
	)
	defer s.Close()
	until(t, "the truck is counted", func() bool { return s.watch.totals(t.Context()).Trucks == 1 })
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "argos_web_poll_failures_total" && f.GetMetric()[0].GetCounter().GetValue() == 2 {
			return
		}
	}
	t.Error("two failed polls were not counted")
}

// Close ends a read that the store never answers.
func TestCloseWaitsForNoStore(t *testing.T) {
	asked := make(chan struct{}, 1)
	s := New(
		Config{Log: slog.New(slog.DiscardHandler), Store: sick{totals: func(ctx context.Context) (argos.Totals, error) {
			asked <- struct{}{}
			<-ctx.Done()
			return argos.Totals{}, ctx.Err()
		}}},
	)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.watch.totals(gone)
	<-asked
	s.Close()
}
