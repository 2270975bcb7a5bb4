package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// atRandom does to one part, or to two at once, what a row would do, again and again with some seconds between.
func atRandom(ctx context.Context, parts []*part, seed uint64, length time.Duration) error {
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it is to be repeatable
	for end := time.Now().Add(length); time.Now().Before(end); {
		victims := slices.Clone(parts)
		rng.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
		victims = victims[:1+rng.IntN(2)*rng.IntN(2)]
		var wg sync.WaitGroup
		failed := make([]error, len(victims))
		for i, p := range victims {
			deed, long := rng.IntN(4), time.Duration(1+rng.IntN(6))*time.Second
			wg.Go(func() {
				switch deed {
				case 0, 1:
					failed[i] = killed(ctx, p)
				case 2:
					failed[i] = terminated(ctx, p)
				case 3:
					failed[i] = frozen(ctx, p, long)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(failed...); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		if err := pause(ctx, time.Duration(500+rng.IntN(4500))*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
