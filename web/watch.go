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
	followEvery = 250 * time.Millisecond
	// followedFor is how long a truck's trail goes on after somebody asked for it: who looks at another truck for a
	// moment finds no hole on return.
	followedFor = time.Minute
	// Counting reads every document. However many there are and however many people look, it takes at most one
	// countingShare-th of the time.
	countAgain    = 500 * time.Millisecond
	countingShare = 20
	countWithin   = time.Minute
	// firstCount is how long the first page waits for totals rather than to show none.
	firstCount = time.Second
	slowestTry = 5 * time.Second // between reads of a store that does not answer
)

// watch reads from the store what people look at, and nothing while nobody does: the totals when a page has asked for
// them, and again and again the trucks whose trail was asked for.
type watch struct {
	store  argos.Store
	log    *slog.Logger
	trails *trails
	failed prometheus.Counter

	cancel context.CancelFunc
	tasks  sync.WaitGroup
	count  chan struct{} // has a token when totals are wanted that are no longer new
	look   chan struct{} // has a token when a trail is wanted

	mu      sync.Mutex
	sum     argos.Totals
	stale   time.Time     // from when on sum is not new
	counted chan struct{} // closed once sum is known
}

func newWatch(store argos.Store, log *slog.Logger, reg prometheus.Registerer) *watch {
	w := &watch{
		store: store, log: log, trails: newTrails(maxTrails),
		count: make(chan struct{}, 1), look: make(chan struct{}, 1), counted: make(chan struct{}),
	}
	w.failed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_web_poll_failures_total", Help: "Reads of what is looked at that the store did not answer.",
	})
	reg.MustRegister(w.failed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "argos_web_trails", Help: "Trucks whose trail is kept for drawing.",
	}, func() float64 { return float64(w.trails.len()) }))
	return w
}

func (w *watch) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.tasks.Go(func() { w.counting(ctx) })
	w.tasks.Go(func() { w.following(ctx) })
}

func (w *watch) stop() {
	w.cancel()
	w.tasks.Wait()
}

// totals returns the newest sums, which may be some seconds old, and has them counted anew if they are not new. It
// waits for the first ones a little.
func (w *watch) totals(ctx context.Context) argos.Totals {
	if w.isStale() {
		wake(w.count)
		ctx, cancel := context.WithTimeout(ctx, firstCount)
		defer cancel()
		select {
		case <-w.counted:
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum
}

func (w *watch) isStale() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().After(w.stale)
}

// trail returns a truck's trail up to t, and has it followed from now on.
func (w *watch) trail(t *argos.Truck) []point {
	points := w.trails.of(t, time.Now())
	wake(w.look)
	return points
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is to wake already
	}
}

// counting counts whenever totals are wanted.
func (w *watch) counting(ctx context.Context) {
	for {
		select {
		case <-w.count:
		case <-ctx.Done():
			return
		}
		if w.isStale() { // it was not asked for while the last count was under way
			w.again(ctx, "count the trucks", w.recount)
		}
	}
}

func (w *watch) recount(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	began := time.Now()
	sum, err := w.store.Totals(within)
	if err != nil {
		return err
	}
	ended := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stale.IsZero() {
		close(w.counted)
	}
	w.sum, w.stale = sum, ended.Add(max(countAgain, countingShare*ended.Sub(began)))
	return nil
}

// following reads the trucks that are looked at, until nobody has looked for a while.
func (w *watch) following(ctx context.Context) {
	for {
		select {
		case <-w.look:
		case <-ctx.Done():
			return
		}
		for ids := w.trails.followed(time.Now()); len(ids) > 0; ids = w.trails.followed(time.Now()) {
			w.again(
				ctx,
				"read the trucks that are looked at",
				func(ctx context.Context) error { return w.follow(ctx, ids) },
			)
			if !pause(ctx, followEvery) {
				return
			}
		}
	}
}

func (w *watch) follow(ctx context.Context, ids []string) error {
	within, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	trucks, err := w.store.Trucks(within, ids)
	if err != nil {
		return err
	}
	for i := range trucks {
		w.trails.add(&trucks[i])
	}
	return nil
}

// again reads until the store answers or ctx ends.
func (w *watch) again(ctx context.Context, doing string, read func(context.Context) error) {
	for wait := followEvery; ; wait = min(2*wait, slowestTry) {
		err := read(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		w.failed.Inc()
		w.log.Warn("cannot "+doing, "error", err, "again_in", wait)
		if !pause(ctx, wait) {
			return
		}
	}
}

// pause is false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
