package pipelines

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos/io/sqliteio"
)

// BenchmarkDrain reads a backlog of a million fixes of 10,000 trucks, from a broker in another process to the store. CPU is this
// process's alone.
func BenchmarkDrain(b *testing.B) {
	const fixes, trucks = 1_000_000, 10_000
	p := newRemoteTopic(b)
	p.fill(fixes, trucks)
	ends := p.ends()
	for _, shards := range []int{8, 16, 64} {
		for _, kind := range []string{"null", "sqlite"} {
			b.Run(fmt.Sprintf("%s/shards=%d", kind, shards), func(b *testing.B) {
				var cpu float64
				for b.Loop() {
					b.StopTimer()
					var uri string
					if kind == "null" {
						var s *memStore
						s, uri = newMemStore(b)
						s.null = true
					} else {
						uri = sqliteio.URI(filepath.Join(b.TempDir(), "trucks.db"))
					}
					cfg := p.config(uri)
					cfg.Shards, cfg.Log = shards, slog.New(slog.DiscardHandler)
					runtime.GC()
					before := cpuSeconds()
					b.StartTimer()
					l := begun(b, cfg)
					if err := l.WaitFor(b.Context(), ends); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					cpu += cpuSeconds() - before
					if err := l.Stop(b.Context()); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				b.ReportMetric(float64(b.N)*fixes/b.Elapsed().Seconds(), "fixes/s")
				b.ReportMetric(cpu/float64(b.N)*1e6/fixes, "cpu-s/M")
			})
		}
	}
}

func cpuSeconds() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

func init() {
	register.DoFn4x1[state.Provider, int64, int64, func(int64), error](&accessFn{})
	register.DoFn2x0[[]byte, func(int64, int64)](&accessesFn{})
	register.DoFn1x0[int64](&sunkFn{})
	register.Emitter1[int64]()
	register.Emitter2[int64, int64]()
}

// accessFn reads and writes a shard's cell, as the fleet does once a part, and does nothing with it.
type accessFn struct {
	Size int
	Blob state.Value[[]byte]
}

func (f *accessFn) ProcessElement(p state.Provider, shard, _ int64, emit func(int64)) error {
	b, _, err := f.Blob.Read(p)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		b = make([]byte, f.Size)
	}
	b[0]++
	emit(shard)
	return f.Blob.Write(p, b)
}

type accessesFn struct{ N, Shards int }

func (f *accessesFn) ProcessElement(_ []byte, emit func(int64, int64)) {
	for i := range f.N {
		emit(int64(i%f.Shards), int64(i))
	}
}

type sunkFn struct{}

func (*sunkFn) ProcessElement(int64) {}

// BenchmarkShardAccess is what one read and one write of a shard's cell cost on Prism, by the size of the cell.
func BenchmarkShardAccess(b *testing.B) {
	const accesses = 4000
	for _, size := range []int{1 << 10, 20 << 10, 80 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			before := cpuSeconds()
			for i := 0; b.Loop(); i++ {
				p, s := beam.NewPipelineWithRoot()
				elements := beam.ParDo(s, &accessesFn{N: accesses, Shards: 8}, beam.Impulse(s))
				done := beam.ParDo(s, &accessFn{Size: size, Blob: state.MakeValueState[[]byte]("blob")}, elements)
				beam.ParDo0(s, &sunkFn{}, beam.Reshuffle(s, done))
				if err := runPrism(b.Context(), fmt.Sprintf("access-%d-%d-%d", size, b.N, runs.Add(1)), p, noSplit); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*accesses), "ms/access")
			b.ReportMetric((cpuSeconds()-before)*1e3/float64(b.N*accesses), "cpu-ms/access")
		})
	}
}
