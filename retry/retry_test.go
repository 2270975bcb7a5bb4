package retry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffDoublesToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Backoff
		for _, want := range []time.Duration{20, 40, 80, 160, 320, 640, 1000, 1000} {
			began := time.Now()
			if !b.Wait(t.Context()) || time.Since(began) != want*time.Millisecond {
				t.Errorf("paused %v, want %v ms", time.Since(began), int(want))
			}
		}
		b = 0
		began := time.Now()
		if !b.WaitAtMost(t.Context(), time.Millisecond) || time.Since(began) != time.Millisecond {
			t.Errorf("paused %v beyond the bound", time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if b.Wait(ctx) {
			t.Error("the context has ended")
		}
	})
}

func TestIncidentIsToldOfOnce(t *testing.T) {
	var told bytes.Buffer
	i := Incident{What: "reading", Log: slog.New(slog.NewTextHandler(&told, nil))}
	i.Over()
	why := errors.New("no broker")
	for range 2 {
		i.Failed(why)
		i.Failed(errors.New("another"))
		if !errors.Is(i.Err(), why) {
			t.Errorf("it began with %v", i.Err())
		}
		i.Over()
		i.Over()
		if i.Err() != nil {
			t.Errorf("it is over, but for %v", i.Err())
		}
	}
	if lines := strings.Count(told.String(), "\n"); lines != 4 || strings.Count(told.String(), "tries=2") != 2 {
		t.Errorf("told:\n%s", told.String())
	}
}
