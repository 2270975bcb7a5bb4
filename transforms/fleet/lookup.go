package fleet

import (
	"context"
	"fmt"

	"argos"
	"argos/retry"
)

// lookupTrouble is one for the many shards of a process, so that they tell of it once.
var lookupTrouble = retry.Incident{What: "looking up tracks in the store"}

// lookup asks the store for trucks until it answers or the context ends. The store is opened for each query: handles
// are shared in a process, and an instance of a DoFn is not told reliably when it is no longer needed.
func lookup(ctx context.Context, uri string, ids []string) ([]argos.Truck, error) {
	lookups.Inc()
	for pause := retry.Backoff(0); ; {
		found, err := query(ctx, uri, ids)
		if err == nil {
			lookupTrouble.Over()
			return found, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look up %d trucks: %w", len(ids), err)
		}
		lookupFailures.Inc()
		lookupTrouble.Failed(err)
		if !pause.Wait(ctx) {
			return nil, fmt.Errorf("look up %d trucks: %w", len(ids), err)
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
