// Package retry is for what is tried again until it works: the pauses between the tries, and one log line when the
// trouble begins and one when it is over.
package retry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	first = 20 * time.Millisecond
	last  = time.Second
)

// Backoff is the last pause. It doubles from 20 ms to 1 s; zero is ready, and what is assigned when a try has worked.
type Backoff time.Duration

// Wait pauses for the next step; false: the context ended first.
func (b *Backoff) Wait(ctx context.Context) bool { return b.WaitAtMost(ctx, last) }

// WaitAtMost is Wait with another bound of the pause.
func (b *Backoff) WaitAtMost(ctx context.Context, most time.Duration) bool {
	*b = min(max(2*(*b), Backoff(first)), Backoff(most))
	t := time.NewTimer(time.Duration(*b))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Incident is a trouble that lasts: one log line when it begins and one when it is over, whatever is tried in
// between. Goroutines may share one, which is theirs together.
type Incident struct {
	What string       // is tried, such as "reading the log"
	Log  *slog.Logger // slog's default if nil

	mu    sync.Mutex
	first error // nil: there is no trouble
	since time.Time
	tries int
}

func (i *Incident) log() *slog.Logger {
	if i.Log == nil {
		return slog.Default()
	}
	return i.Log
}

// Failed is told of each try that has failed.
func (i *Incident) Failed(err error, args ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tries++; i.tries == 1 {
		i.first, i.since = err, time.Now()
		i.log().Warn(i.What+" fails, and is tried again", append(args, "error", err)...)
	}
}

// Over is told of each try that has worked.
func (i *Incident) Over(args ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tries > 0 {
		i.log().Info(i.What+" works again",
			append(args, "tries", i.tries, "after", time.Since(i.since).Round(time.Millisecond))...)
		i.first, i.tries = nil, 0
	}
}

// Err is the failure that the trouble began with; nil: there is none.
func (i *Incident) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.first
}
