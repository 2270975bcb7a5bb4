package storeio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"argos"
	"argos/retry"
)

// refusedPause lies between two tries of a document that the store itself refuses.
const refusedPause = time.Second

// upsert writes until the store has all documents or the context ends. One that the store itself refuses does not keep
// the others of its bundle from being stored, but it is waited for, and what comes after waits too: the mark may not
// pass what is not stored, or a restart, which begins at the mark with the stored tracks, would skip its records.
func upsert(ctx context.Context, uri string, trucks []argos.Truck) ([]argos.Refusal, error) {
	var odd []argos.Truck
	for {
		refused, err := persist(ctx, uri, trucks)
		u, is := errors.AsType[*argos.Unwritable](err)
		if !is {
			if err == nil && len(odd) > 0 {
				var more []argos.Refusal
				more, err = writeRefused(ctx, uri, odd)
				refused = append(refused, more...)
			}
			return refused, err
		}
		i := slices.IndexFunc(trucks, func(t argos.Truck) bool { return t.ID == u.ID })
		if i < 0 {
			return nil, err // of a truck that it was not given
		}
		odd = append(odd, trucks[i])
		trucks = slices.Concat(trucks[:i], trucks[i+1:])
	}
}

// writeRefused writes documents that the store has refused by themselves, until it takes them.
func writeRefused(ctx context.Context, uri string, odd []argos.Truck) (refused []argos.Refusal, err error) {
	waiting := float64(len(odd))
	unwritable.Add(waiting)
	defer func() {
		unwritable.Sub(waiting)
		refusing.Store(nil)
	}()
	for _, t := range odd {
		for named := false; ; {
			var r []argos.Refusal
			if r, err = persist(ctx, uri, []argos.Truck{t}); err == nil {
				refused = append(refused, r...)
				break
			}
			own, is := errors.AsType[*argos.Unwritable](err)
			if !is {
				return nil, err
			}
			refusing.Store(own)
			if !named {
				named = true
				slog.ErrorContext(
					ctx,
					"the store itself refuses a document; the others of its bundle are stored, "+
						"and what comes after waits until the store takes it",
					"truck",
					t.ID,
					"rev",
					t.Rev,
					"error",
					err,
				)
			}
			if !sleep(ctx, refusedPause) {
				return nil, err
			}
		}
		slog.InfoContext(ctx, "the store takes the document", "truck", t.ID, "rev", t.Rev)
		unwritable.Dec()
		waiting--
	}
	return refused, nil
}

// writing is one for the many writers of a process, so that they tell of it once.
var writing = retry.Incident{What: "writing to the store"}

// refusing is the newest document that the store itself refuses, if any waits at present.
var refusing atomic.Pointer[argos.Unwritable]

// Trouble is why this process can't write to its store at present; nil while it can.
func Trouble() error {
	if err := writing.Err(); err != nil {
		return fmt.Errorf("the store does not take documents: %w", err)
	}
	if u := refusing.Load(); u != nil {
		return fmt.Errorf("the store itself refuses a document, and its bundle waits until it takes it: %w", u)
	}
	return nil
}

// persist writes until the store takes the documents or refuses one of them by itself, or the context ends.
func persist(ctx context.Context, uri string, trucks []argos.Truck) ([]argos.Refusal, error) {
	for pause := retry.Backoff(0); len(trucks) > 0; {
		start := time.Now()
		refused, err := once(ctx, uri, trucks)
		_, own := errors.AsType[*argos.Unwritable](err)
		if err == nil || own {
			writeSeconds.Observe(time.Since(start).Seconds())
			writing.Over()
			return refused, err
		}
		if ctx.Err() != nil {
			return nil, err
		}
		writeFailures.Inc()
		writing.Failed(err)
		if !pause.Wait(ctx) {
			return nil, err
		}
	}
	return nil, nil
}

// sleep is false when the context ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once tries once. The store is opened for each write: handles are shared in a process, and an instance of a DoFn is
// not told reliably when it is no longer needed.
func once(ctx context.Context, uri string, trucks []argos.Truck) ([]argos.Refusal, error) {
	store, err := argos.Process.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	refused, err := store.Upsert(ctx, trucks)
	if closeErr := store.Close(); err == nil {
		err = closeErr
	}
	return refused, err
}
