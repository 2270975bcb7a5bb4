package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/io/mongoio"
	"argos/io/sqliteio"
	"argos/transforms/track"
)

func init() { argos.Process.Register(mongoio.Scheme, mongoio.Open) }

// original is a worker of the shape that this pipeline replaces, at its best: one reader of a consumer group that fetches ahead,
// eight goroutines, JSON by the standard library, the same filter, tracks in memory, and one guarded update of one document a
// fix. A goroutine has whole partitions, so that a truck's fixes stay in order, as exactness needs. The group's offsets are
// committed in the background.
type original struct {
	reader *kafka.Reader
	store  argos.Store
	stored atomic.Int64
}

const goroutines = 8

// report is a record of the log as encoding/json reads it.
type report struct {
	TruckID  string   `json:"truck_id"`
	Time     int64    `json:"ts"`
	Lat      float64  `json:"lat"`
	Lon      float64  `json:"lon"`
	Speed    *float64 `json:"speed"`
	Heading  *float64 `json:"heading"`
	Accuracy *float64 `json:"accuracy"`
	Recv     int64    `json:"recv"`
}

func (r *report) record() argos.Record {
	rec := argos.Record{Fix: argos.NewFix(r.TruckID, r.Time, r.Lat, r.Lon), Recv: r.Recv}
	for _, q := range []struct {
		from *float64
		to   *float64
	}{{r.Speed, &rec.Speed}, {r.Heading, &rec.Heading}, {r.Accuracy, &rec.Accuracy}} {
		if q.from != nil {
			*q.to = *q.from
		}
	}
	return rec
}

// run works until ctx ends.
func (w *original) run(ctx context.Context) error {
	var g errgroup.Group
	queues := make([]chan kafka.Message, goroutines)
	for i := range queues {
		queues[i] = make(chan kafka.Message, 1000)
		g.Go(func() error { return w.work(ctx, queues[i]) })
	}
	g.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		for {
			m, err := w.reader.ReadMessage(ctx)
			if err != nil {
				return err
			}
			select {
			case queues[m.Partition%goroutines] <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (w *original) work(ctx context.Context, queue <-chan kafka.Message) error {
	tracks := map[string]*track.Track{}
	for m := range queue {
		var r report
		if err := json.Unmarshal(m.Value, &r); err != nil {
			return err
		}
		t := tracks[r.TruckID]
		if t == nil {
			t = &track.Track{}
			switch stored, err := w.store.Truck(ctx, r.TruckID); {
			case err == nil:
				if err := t.Decode(stored.Track); err != nil {
					return err
				}
			case !errors.Is(err, argos.ErrNotFound):
				return err
			}
			tracks[r.TruckID] = t
		}
		rec := r.record()
		if !t.Fold(&rec, argos.Pos{Partition: int32(m.Partition), Next: m.Offset + 1}) {
			continue
		}
		d := argos.Truck{ID: r.TruckID}
		t.Fill(&d)
		if _, err := w.store.Upsert(ctx, []argos.Truck{d}); err != nil {
			return err
		}
		w.stored.Add(1)
	}
	return nil
}

// rate runs the original on a store that has nothing yet, until it has stored a warm-up and then fixes more: fixes a second of the
// latter.
func (p *topic) rate(b *testing.B, uri string, fixes int64) float64 {
	b.Helper()
	const warmUp = 20_000 // two fixes a truck: it is known then
	store, err := argos.Process.Open(b.Context(), uri)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	w := &original{store: store, reader: kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{p.addr}, GroupID: fmt.Sprintf("original-%d", runs.Add(1)), Topic: argos.Topic,
		StartOffset: kafka.FirstOffset, MaxBytes: 10 << 20, QueueCapacity: 10_000, CommitInterval: time.Second,
	})}
	defer w.reader.Close()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	reached := func(n int64) time.Time {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for w.stored.Load() < n {
			select {
			case err := <-ended:
				b.Fatalf("the original ended: %v", err)
			case <-tick.C:
			}
		}
		return time.Now()
	}
	begun := reached(warmUp)
	from := w.stored.Load()
	took := reached(from + fixes).Sub(begun)
	done := w.stored.Load() - from
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	return float64(done) / took.Seconds()
}

// emptyStore is the URI of a new store of a kind. MongoDB needs a full server: mongodb://..., which may ask for credentials of its admin
// database.
func emptyStore(b *testing.B, kind string) string {
	b.Helper()
	switch kind {
	case "sqlite":
		return sqliteio.URI(filepath.Join(b.TempDir(), fmt.Sprintf("trucks-%d.db", runs.Add(1))))
	case "mongodb":
		server := os.Getenv("ARGOS_TEST_MONGO")
		if server == "" {
			b.Skip("needs a full server: ARGOS_TEST_MONGO=mongodb://...")
		}
		u, err := url.Parse(server)
		if err != nil {
			b.Fatal(err)
		}
		u.Path = fmt.Sprintf("argos_bench_%d_%d", os.Getpid(), runs.Add(1))
		b.Cleanup(func() {
			c, err := mongo.Connect(options.Client().ApplyURI(server))
			if err != nil {
				b.Error(err)
				return
			}
			if err := errors.Join(c.Database(u.Path).Drop(context.Background()), c.Disconnect(context.Background())); err != nil {
				b.Error(err)
			}
		})
		if q := u.Query(); u.User != nil && !q.Has("authSource") {
			q.Set("authSource", "admin")
			u.RawQuery = q.Encode()
		}
		return u.String()
	}
	s, uri := newMemStore(b)
	s.null = true
	return uri
}

// BenchmarkOriginal gives one backlog, a million fixes of 10,000 trucks, to a worker of the original's shape and to the pipeline,
// into stores of one kind, by turns: the ratio holds where the machine has other work.
func BenchmarkOriginal(b *testing.B) {
	const fixes, trucks = 1_000_000, 10_000
	p := newRemoteTopic(b)
	p.fill(fixes, trucks)
	ends := p.ends()
	for _, kind := range []string{"null", "sqlite", "mongodb"} {
		b.Run(kind, func(b *testing.B) {
			store := func() string { return emptyStore(b, kind) }
			var original, pipeline float64
			for b.Loop() {
				const half = 50_000
				before := p.rate(b, store(), half)
				runtime.GC()
				cfg := p.config(store())
				cfg.Log = slog.New(slog.DiscardHandler)
				start := time.Now()
				l := begun(b, cfg)
				if err := l.WaitFor(b.Context(), ends); err != nil {
					b.Fatal(err)
				}
				pipeline += fixes / time.Since(start).Seconds()
				if err := l.Stop(b.Context()); err != nil {
					b.Fatal(err)
				}
				original += (before + p.rate(b, store(), half)) / 2
			}
			b.ReportMetric(original/float64(b.N), "original-fixes/s")
			b.ReportMetric(pipeline/float64(b.N), "pipeline-fixes/s")
			b.ReportMetric(pipeline/original, "times")
		})
	}
}
