package mongoio_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"argos"
)

const fleet = 10_000

// filled is a store with a whole fleet. The small server of the tests would say nothing of speed.
func filled(b *testing.B) argos.Store {
	onlyFull(b)
	s := open(b, database(b))
	if _, err := s.Upsert(context.Background(), documents(fleet, 1)); err != nil {
		b.Fatal(err)
	}
	return s
}

func documents(n int, rev int64) []argos.Truck {
	trucks := make([]argos.Truck, 0, n)
	for _, i := range rand.Perm(fleet)[:n] {
		trucks = append(trucks, document(i, rev))
	}
	return trucks
}

// BenchmarkUpsert writes 5,000 random trucks of 10,000 in one call: a bundle of the sink.
func BenchmarkUpsert(b *testing.B) {
	const n = 5000
	s := filled(b)
	rev := int64(1)
	var cpu time.Duration
	for b.Loop() {
		b.StopTimer()
		rev++
		trucks := documents(n, rev)
		b.StartTimer()
		before := cpuTime(b)
		refused, err := s.Upsert(context.Background(), trucks)
		cpu += cpuTime(b) - before
		if err != nil || len(refused) > 0 {
			b.Fatal(len(refused), err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "docs/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/1000/float64(n*b.N), "cpu-µs/doc") // of this side alone
}

// cpuTime is what the process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkUpsertTogether writes 500 trucks a call from as many goroutines as a small fleet has shards.
func BenchmarkUpsertTogether(b *testing.B) {
	const n, shards = 500, 8
	s := filled(b)
	rev := int64(1)
	for b.Loop() {
		rev++
		var wg sync.WaitGroup
		for shard := range shards {
			wg.Go(func() {
				trucks := make([]argos.Truck, 0, n)
				for i := range n {
					trucks = append(trucks, document(i*shards+shard, rev))
				}
				if refused, err := s.Upsert(context.Background(), trucks); err != nil || len(refused) > 0 {
					b.Error(len(refused), err)
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(n*shards*b.N)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkStale writes 5,000 documents that the store has: what a replay costs.
func BenchmarkStale(b *testing.B) {
	const n = 5000
	s := filled(b)
	for b.Loop() {
		if refused, err := s.Upsert(context.Background(), documents(n, 1)); err != nil || len(refused) != n {
			b.Fatal(len(refused), err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkInBox asks for some 100 trucks of the fleet, which the index finds.
func BenchmarkInBox(b *testing.B) {
	s := filled(b)
	for b.Loop() {
		got, err := s.InBox(context.Background(), argos.Box{West: 11, South: 48.5, East: 11.1, North: 48.51}, fleet)
		if err != nil || len(got) < 50 {
			b.Fatal(len(got), err)
		}
	}
}

// BenchmarkTruck looks up one truck.
func BenchmarkTruck(b *testing.B) {
	s := filled(b)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := s.Truck(context.Background(), fmt.Sprintf("truck-%05d", rand.IntN(fleet))); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkTrucks looks up 500 trucks in one query, as a shard does after a restart.
func BenchmarkTrucks(b *testing.B) {
	s := filled(b)
	for b.Loop() {
		ids := make([]string, 500)
		for i := range ids {
			ids[i] = fmt.Sprintf("truck-%05d", i*fleet/len(ids))
		}
		if got, err := s.Trucks(context.Background(), ids); err != nil || len(got) != len(ids) {
			b.Fatal(len(got), err)
		}
	}
}
