package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"argos"
)

const (
	firstRetry = 20 * time.Millisecond
	lastRetry  = time.Second
)

// incident says that lookups fail at present, so that the many shards of a process tell of it once.
var incident atomic.Bool

// lookup asks the store for trucks until it answers or the context ends. The store is opened for each query: handles
// are shared in a process, and an instance of a DoFn is not told reliably when it is no longer needed.
func lookup(ctx context.Context, uri string, ids []string) ([]argos.Truck, error) {
	lookups.Inc()
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		found, err := query(ctx, uri, ids)
		if err == nil {
			if incident.CompareAndSwap(true, false) {
				slog.InfoContext(ctx, "the store gives tracks again")
			}
			return found, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look up %d trucks: %w", len(ids), err)
		}
		lookupFailures.Inc()
		if incident.CompareAndSwap(false, true) {
			slog.WarnContext(ctx, "looking up tracks fails; trying again until the store answers", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("look up %d trucks: %w", len(ids), err)
		case <-time.After(wait):
		}
	}
}

func query(ctx context.Context, uri string, ids []string) ([]argos.Truck, error) {
	store, err := argos.Process.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	found, err := store.Trucks(ctx, ids)
	if closeErr := store.Close(); err == nil {
		err = closeErr
	}
	return found, err
}
