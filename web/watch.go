package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
)

const (
	pollEvery  = 250 * time.Millisecond
	slowestTry = 5 * time.Second // between polls of a store that does not answer
	pageSize   = 5000
	// settled is how long after a time of Updated no more documents of that time are expected.
	settled = 2 * time.Second
	// sweepEvery is how often the watch looks back for documents that came to be seen out of order. A truck that moves on is
	// read but once by a sweep, so that a long period is a cheap one.
	sweepEvery = argos.SettledWithin
)

// totals are the sums over all documents.
type totals struct {
	Trucks                            int
	Fixes, Duplicates, Late, Rejected int64
}

// watch follows the store's changes in one goroutine. It starts with the oldest document, so after its first poll it
// knows the whole fleet: some 100 bytes a truck, besides the trails.
type watch struct {
	store  argos.Store
	log    *slog.Logger
	trails *trails
	failed prometheus.Counter
	since  int64 // ms; everything Updated before it has been seen, but for what came late. The goroutine's own
	sweep  sweep // the goroutine's own

	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	seen map[string]counts
	sum  totals
}

// counts are those of a truck's document at a Rev.
type counts struct{ rev, fixes, duplicates, late, rejected int64 }

func newWatch(store argos.Store, log *slog.Logger, reg prometheus.Registerer) *watch {
	w := &watch{store: store, log: log, trails: newTrails(maxTrails), done: make(chan struct{}), seen: map[string]counts{}}
	w.failed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_web_poll_failures_total", Help: "Polls for changed documents that the store did not answer.",
	})
	reg.MustRegister(w.failed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "argos_web_trails", Help: "Trucks whose trail is kept for drawing.",
	}, func() float64 { return float64(w.trails.len()) }))
	return w
}

func (w *watch) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go w.run(ctx)
}

func (w *watch) stop() {
	w.cancel()
	<-w.done
}

func (w *watch) run(ctx context.Context) {
	defer close(w.done)
	wait := pollEvery
	for {
		switch err := w.poll(ctx, time.Now()); {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.failed.Inc()
			w.log.Warn("cannot read what has changed", "error", err, "again_in", wait)
			wait = min(2*wait, slowestTry)
		default:
			wait = pollEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// poll reads what has changed, page by page. Documents of the last time that it saw are read again, since more of them
// may have been written within that millisecond; their Rev tells the new ones.
func (w *watch) poll(ctx context.Context, now time.Time) error {
	w.since = w.sweep.from(w.since, now)
	for limit := pageSize; ; {
		page, err := w.store.Changed(ctx, w.since, limit)
		if err != nil {
			return err
		}
		news := false
		for i := range page {
			news = w.take(&page[i], now) || news
		}
		if len(page) == 0 {
			return nil
		}
		last := page[len(page)-1].Updated
		stuck := last == w.since // one time fills the page: a larger one must hold it whole, or hide what follows
		w.since = last
		switch full := len(page) == limit; {
		case full && stuck:
			limit *= 2
		case full:
			limit = pageSize
		default:
			if !news && now.UnixMilli()-last > settled.Milliseconds() {
				w.since = last + 1 // a fleet that has gone quiet need not be read again and again
			}
			return nil
		}
	}
}

// sweep remembers how far the last look back has to be followed by the next one.
type sweep struct {
	at    time.Time
	since int64 // when it began
	still int   // so many have begun at the same place
}

// from returns where to read from: since, or further back when it is time for a sweep. What comes late is stamped at most
// SettledWithin before it can be seen, so no earlier than that before the place where the last sweep began. After two sweeps
// from one place there is nothing more to come.
func (s *sweep) from(since int64, now time.Time) int64 {
	if now.Sub(s.at) < sweepEvery {
		return since
	}
	if since > s.since {
		s.still = 0
	}
	back := s.since
	s.at, s.since, s.still = now, max(since, s.since), s.still+1
	if s.still > 2 {
		return since
	}
	return min(since, back-argos.SettledWithin.Milliseconds())
}

// take says whether the document was new.
func (w *watch) take(t *argos.Truck, now time.Time) bool {
	w.mu.Lock()
	old, known := w.seen[t.ID]
	if known && t.Rev <= old.rev {
		w.mu.Unlock()
		return false
	}
	w.seen[t.ID] = counts{t.Rev, t.Fixes, t.Duplicates, t.Late, t.Rejected}
	w.sum.Trucks = len(w.seen)
	w.sum.Fixes += t.Fixes - old.fixes
	w.sum.Duplicates += t.Duplicates - old.duplicates
	w.sum.Late += t.Late - old.late
	w.sum.Rejected += t.Rejected - old.rejected
	w.mu.Unlock()
	w.trails.add(t, now)
	return true
}

func (w *watch) totals() totals {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum
}
