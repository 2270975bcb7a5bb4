package pipelines

import (
	"errors"
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
	"argos/runner/prism"
)

// BenchmarkDrain reads a backlog of a million fixes of 10,000 trucks, from a broker in another process to the store.
// CPU is this process's alone.
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

// accessFn reads and writes a shard's state and does nothing with it: either the whole of it in one cell, or, with a
// Moved, as the fleet does: a tag is read, and a delta of Moved bytes and a tag are written, and now and then the
// whole.
type accessFn struct {
	Size, Moved, Deltas int
	Base                state.Value[[]byte]
	Delta               state.Bag[[]byte]
	Tags                state.Bag[int64]
}

func (f *accessFn) ProcessElement(p state.Provider, shard, _ int64, emit func(int64)) error {
	emit(shard)
	if f.Moved == 0 {
		b, _, err := f.Base.Read(p)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			b = make([]byte, f.Size)
		}
		b[0]++
		return f.Base.Write(p, b)
	}
	tags, _, err := f.Tags.Read(p)
	if err != nil {
		return err
	}
	if n := len(tags); n > 0 && n <= f.Deltas {
		err = f.Delta.Add(p, make([]byte, f.Moved))
	} else {
		err = errors.Join(f.Delta.Clear(p), f.Tags.Clear(p), f.Base.Write(p, make([]byte, f.Size)))
	}
	return errors.Join(err, f.Tags.Add(p, -1<<60))
}

type accessesFn struct{ N, Shards int }

func (f *accessesFn) ProcessElement(_ []byte, emit func(int64, int64)) {
	for i := range f.N {
		emit(int64(i%f.Shards), int64(i))
	}
}

type sunkFn struct{}

func (*sunkFn) ProcessElement(int64) {}

// BenchmarkShardAccess is what one access to a shard's state costs on Prism: its whole in one cell, by size, against
// base, deltas and tags, of which a part of 60 trucks moves 27 KB.
func BenchmarkShardAccess(b *testing.B) {
	const accesses = 2000
	for _, size := range []int{55 << 10, 550 << 10, 5500 << 10} { // 1,000, 10,000 and 100,000 trucks on 8 shards
		for _, moved := range []int{0, 27 << 10} {
			form := "whole"
			if moved > 0 {
				form = "delta"
			}
			b.Run(fmt.Sprintf("%dKB/%s", size>>10, form), func(b *testing.B) {
				before := cpuSeconds()
				for b.Loop() {
					p, s := beam.NewPipelineWithRoot()
					elements := beam.ParDo(s, &accessesFn{N: accesses, Shards: 8}, beam.Impulse(s))
					fn := &accessFn{
						Size: size, Moved: moved, Deltas: min(63, size/(27<<10)),
						Base: state.MakeValueState[[]byte](
							"base",
						), Delta: state.MakeBagState[[]byte]("deltas"), Tags: state.MakeBagState[int64]("tags"),
					}
					done := beam.ParDo(s, fn, elements)
					beam.ParDo0(s, &sunkFn{}, beam.Reshuffle(s, done))
					if err := prism.Run(b.Context(), fmt.Sprintf("access-%d", runs.Add(1)), p, prism.NoSplit); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*accesses), "ms/access")
				b.ReportMetric((cpuSeconds()-before)*1e3/float64(b.N*accesses), "cpu-ms/access")
			})
		}
	}
}
