package sqliteio_test

import (
	"context"
	"fmt"
	"math"
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

// document is revision rev of truck i, of the size that the pipeline writes; it has moved by 20 m since the one before.
func document(i int, rev int64) argos.Truck {
	lat, lon := 48+math.Mod(float64(i)*.618034, 1)+float64(rev%5000)*.00018, 11+math.Mod(float64(i)*.754878, 1)
	return argos.Truck{
		ID: fmt.Sprintf("truck-%05d", i), Rev: rev, Pos: argos.Pos{Epoch: 1, Partition: int32(i % 8), Next: rev * 10},
		Time: 1_700_000_000_000 + rev*1000, Recv: 1_700_000_000_100 + rev*1000,
		Lat: lat, Lon: lon, Raw: argos.LatLon{Lat: lat + 1e-5, Lon: lon - 1e-5},
		Speed: 13.2, Heading: 271.5, Accuracy: 1.8,
		Status: argos.Moving, Fixes: rev, Track: make([]byte, 400),
	}
}

func filled(b *testing.B, fleet int) argos.Store {
	s, err := sqliteio.Open(context.Background(), sqliteio.URI(filepath.Join(b.TempDir(), "trucks.db")))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if _, err := s.Upsert(context.Background(), documents(fleet, fleet, 1)); err != nil {
		b.Fatal(err)
	}
	return s
}

func documents(fleet, n int, rev int64) []argos.Truck {
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

// BenchmarkUpsert writes random trucks of a fleet: bundles of the sink as a wide fleet fills them, and as a backlog
// does.
func BenchmarkUpsert(b *testing.B) {
	for _, c := range []struct{ fleet, bundle int }{{10_000, 5000}, {50_000, 600}, {50_000, 5000}} {
		b.Run(fmt.Sprintf("fleet=%d/bundle=%d", c.fleet, c.bundle), func(b *testing.B) {
			s := filled(b, c.fleet)
			rev := int64(1)
			var cpu time.Duration
			for b.Loop() {
				b.StopTimer()
				rev++
				trucks := documents(c.fleet, c.bundle, rev)
				b.StartTimer()
				before := cpuTime(b)
				refused, err := s.Upsert(context.Background(), trucks)
				cpu += cpuTime(b) - before
				if err != nil || len(refused) > 0 {
					b.Fatal(len(refused), err)
				}
			}
			docs := float64(c.bundle * b.N)
			b.ReportMetric(docs/b.Elapsed().Seconds(), "docs/s")
			b.ReportMetric(float64(cpu.Nanoseconds())/1000/docs, "cpu-µs/doc") // the fair figure on a busy machine
		})
	}
}

// BenchmarkInBox asks for a town of 1,000 trucks of 50,000.
func BenchmarkInBox(b *testing.B) {
	s := filled(b, 50_000)
	for b.Loop() {
		got, err := s.InBox(context.Background(), argos.Box{West: 11.4, South: 48.4, East: 11.5, North: 48.6}, 10_000)
		if err != nil || len(got) < 800 || len(got) > 1200 {
			b.Fatal(len(got), err)
		}
	}
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
	s := filled(b, fleet)
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
	s := filled(b, fleet)
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
