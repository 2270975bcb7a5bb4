package web

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"argos"
)

// lateStore shows documents as a store does whose writes end in another order than they were stamped.
type lateStore struct {
	argos.Store
	shown []argos.Truck
}

func (s *lateStore) Changed(_ context.Context, since int64, limit int) (found []argos.Truck, _ error) {
	for _, t := range s.shown {
		if t.Updated >= since {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b argos.Truck) int { return int(a.Updated - b.Updated) })
	return found[:min(limit, len(found))], nil
}

// A document that can be seen only when later ones have been is not missed, at whatever times the watch polls.
func TestLateDocuments(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &lateStore{}
		w := newWatch(s, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		const end = 120_000 // ms
		type late struct {
			argos.Truck
			seen int64
		}
		var all []late
		for i := range rapid.IntRange(1, 40).Draw(rt, "documents") {
			x := late{Truck: driven(fmt.Sprintf("T-%02d", i), 1)}
			x.Updated = int64(i)*end/40 + rapid.Int64Range(0, 3000).Draw(rt, "updated")
			x.seen = x.Updated + rapid.SampledFrom([]int64{0, 0, 1000, 9000, argos.SettledWithin.Milliseconds()}).Draw(rt, "late by")
			all = append(all, x)
		}
		start := time.UnixMilli(0)
		for now := int64(0); now < end+10*sweepEvery.Milliseconds(); now += rapid.Int64Range(100, 8000).Draw(rt, "until the next poll") {
			s.shown = s.shown[:0]
			for _, x := range all {
				if x.seen <= now {
					s.shown = append(s.shown, x.Truck)
				}
			}
			if err := w.poll(t.Context(), start.Add(time.Duration(now)*time.Millisecond)); err != nil {
				rt.Fatal(err)
			}
		}
		if got := w.totals().Trucks; got != len(all) {
			rt.Fatalf("%d of %d documents were seen", got, len(all))
		}
	})
}

// A fleet that has gone quiet is not read again and again.
func TestQuietFleet(t *testing.T) {
	s := &lateStore{shown: []argos.Truck{driven("T-1", 1)}}
	s.shown[0].Updated = 1000
	w := newWatch(s, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	for i := range 20 {
		if err := w.poll(t.Context(), time.UnixMilli(1000).Add(time.Duration(i)*sweepEvery)); err != nil {
			t.Fatal(err)
		}
	}
	if w.since != 1001 {
		t.Errorf("it still reads from %d on", w.since)
	}
}
