package sqliteio_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"argos"
	"argos/io/sqliteio"
)

const fleet = 10_000

// document is revision rev of truck i, of the size that the pipeline writes.
func document(i int, rev int64) argos.Truck {
	lat, lon := 48+rand.Float64(), 11+rand.Float64()
	return argos.Truck{
		ID: fmt.Sprintf("truck-%05d", i), Rev: rev, Pos: argos.Pos{Epoch: 1, Partition: int32(i % 8), Next: rev * 10},
		Time: 1_700_000_000_000 + rev*1000, Recv: 1_700_000_000_100 + rev*1000,
		Lat: lat, Lon: lon, Raw: argos.LatLon{Lat: lat + 1e-5, Lon: lon - 1e-5}, Speed: 13.2, Heading: 271.5, Accuracy: 1.8,
		Status: argos.Moving, Fixes: rev, Track: make([]byte, 400),
	}
}

func filled(b *testing.B) argos.Store {
	s, err := sqliteio.Open(context.Background(), sqliteio.URI(filepath.Join(b.TempDir(), "trucks.db")))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
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
	slices.SortFunc(trucks, func(a, b argos.Truck) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
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
	b.ReportMetric(float64(cpu.Nanoseconds())/1000/float64(n*b.N), "cpu-µs/doc") // the fair figure on a busy machine
}

// cpuTime is what the process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
