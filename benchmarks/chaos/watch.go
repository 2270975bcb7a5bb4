package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"argos"
)

const (
	lookEvery = 100 * time.Millisecond
	// fresh is the age below which the live state counts as live. A device's own silence is less: each partition is judged by the
	// newest of several trucks.
	fresh   = time.Second
	watched = 6 // trucks a partition

	// freshOnFlink allows for what shares the machine with the pipeline there: a cluster of four Java processes, and bundles of 100 ms.
	freshOnFlink = 4 * time.Second
)

// look is how old the newest stored fix of the worst partition was at some time.
type look struct {
	at  time.Time
	age time.Duration
}

// watch follows the store as a map would: what it sees is what counts as up.
type watch struct {
	store  argos.Store
	cancel context.CancelFunc
	ended  sync.WaitGroup
	fresh  time.Duration

	mu    sync.Mutex
	looks []look
	died  <-chan struct{} // of the load
	say   func() string   // its last words
}

// watch begins to look at the store of a system that has just been put under load.
func (s *system) watch(ctx context.Context) (*watch, error) {
	store, err := argos.Process.Open(ctx, s.store)
	if err != nil {
		return nil, err
	}
	byPartition := make([][]string, partitions)
	for n, full := 1, 0; full < partitions && n <= s.Fleet; n++ {
		id := fmt.Sprintf("T-%05d", n)
		if p := argos.PartitionOf(id, partitions); len(byPartition[p]) < watched {
			if byPartition[p] = append(byPartition[p], id); len(byPartition[p]) == watched {
				full++
			}
		}
	}
	w := &watch{fresh: fresh, store: store, died: s.load.Done(), say: s.load.Output}
	if s.parts.flink {
		w.fresh = freshOnFlink
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.ended.Go(func() { w.follow(ctx, byPartition) })
	return w, nil
}

func (w *watch) end() {
	w.cancel()
	w.ended.Wait()
	_ = w.store.Close() // nothing was written
}

func (w *watch) follow(ctx context.Context, byPartition [][]string) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	newest, of, ids := make([]int64, len(byPartition)), map[string]int{}, []string{}
	for p, some := range byPartition {
		newest[p] = time.Now().UnixMilli()
		for _, id := range some {
			of[id] = p
			ids = append(ids, id)
		}
	}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		asking, cancel := context.WithTimeout(ctx, fresh)
		trucks, _ := w.store.Trucks(asking, ids) //nolint:errcheck // what can't be seen grows old
		cancel()
		for i := range trucks {
			p := of[trucks[i].ID]
			newest[p] = max(newest[p], trucks[i].Recv)
		}
		now, oldest := time.Now(), newest[0]
		for _, ms := range newest {
			oldest = min(oldest, ms)
		}
		w.mu.Lock()
		w.looks = append(w.looks, look{now, now.Sub(time.UnixMilli(oldest))})
		w.mu.Unlock()
	}
}

// steady waits until the state has been fresh for a while, all of it after a given time.
func (w *watch) steady(ctx context.Context, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.died:
			return fmt.Errorf("the load has ended by itself:\n%s", w.say())
		case <-ctx.Done():
			return fmt.Errorf("the live state is not fresh: %w", ctx.Err())
		}
		if now := time.Now(); now.Sub(since) >= steady && now.Sub(w.freshSince(since)) >= steady {
			return nil
		}
	}
}

// freshSince is the time from which on every look was a fresh one, but not before the given time.
func (w *watch) freshSince(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.looks) - 1; i >= 0 && w.looks[i].at.After(t); i-- {
		if w.looks[i].age > w.fresh {
			return w.looks[i].at
		}
	}
	return t
}

// recovery is how long after the end of a fault the state became fresh for good.
func (w *watch) recovery(mended time.Time) time.Duration { return w.freshSince(mended).Sub(mended) }

// worst is the greatest age since the fault: how long the live state of some partition stood still; 0 while it was fresh.
func (w *watch) worst(since time.Time) (worst time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.looks {
		if l.at.After(since) && l.age > w.fresh {
			worst = max(worst, l.age)
		}
	}
	return worst
}
