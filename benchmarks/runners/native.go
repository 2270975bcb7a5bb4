package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	kafka "github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/storeio"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

// nativeRole makes this program the pipeline without Beam: native KAFKA STORE ADMIN.
const nativeRole = "native"

// Polls as the source's own.
const (
	nativePoll = 5000
	nativePace = 20 * time.Millisecond
)

// runNative is the same decoding, the same fold and the same sink, a goroutine a partition, with the tracks in memory.
func runNative(ctx context.Context, broker, uri, admin string) error {
	reg := prometheus.NewRegistry()
	reg.MustRegister(storeio.Collectors()...)
	go http.ListenAndServe(admin, promhttp.HandlerFor(reg, promhttp.HandlerOpts{})) //nolint:errcheck,gosec // it ends with the process
	log, err := kafkaio.Offsets(ctx, cluster.Plain(broker), argos.Topic)
	if err != nil {
		return err
	}
	store, err := argos.Process.Open(ctx, uri)
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // each write has been waited for
	marks, err := store.Marks(ctx, argos.Topic)
	if err != nil {
		return err
	}
	from := make([]int64, len(log))
	for p := range log {
		from[p] = log[p].First
	}
	for _, m := range marks {
		from[m.Partition] = m.Offset
	}
	fmt.Fprintln(os.Stderr, "the pipeline runs")
	g, ctx := errgroup.WithContext(ctx)
	for p := range from {
		n := &native{partition: p, next: from[p], store: store, sink: storeio.Fn{Config: storeio.Config{Job: nativeRole, StoreURI: uri}}}
		n.router = decode.Router{Topic: argos.Topic, Partitions: len(from), Shards: len(from)}
		n.fold = fleet.Fold{Stamp: fleet.Stamp{Shards: int32(len(from)), Partitions: int32(len(from))}, Unconfirmed: 10 * nativePoll, Lookup: store.Trucks}
		n.shard = fleet.NewShard(n.fold.Stamp)
		n.reader = kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: argos.Topic, Partition: p, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 500 * time.Millisecond, QueueCapacity: 2 * nativePoll})
		g.Go(func() error { return n.run(ctx) })
	}
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// native works on one partition, whose shard is one.
type native struct {
	partition int
	next      int64
	reader    *kafka.Reader
	router    decode.Router
	fold      fleet.Fold
	shard     *fleet.Shard
	sink      storeio.Fn
	store     argos.Store
	poll, out []byte
	marked    time.Time
}

func (n *native) run(ctx context.Context) error {
	defer n.reader.Close()
	if err := n.reader.SetOffset(n.next); err != nil {
		return err
	}
	for {
		if err := n.batch(ctx); err != nil {
			return err
		}
		if time.Since(n.marked) < 5*nativePace {
			continue
		}
		n.marked = time.Now()
		if err := n.store.SetMarks(ctx, []argos.Mark{{Topic: argos.Topic, Partition: int32(n.partition), Offset: n.next}}); err != nil {
			return err
		}
	}
}

// batch takes what comes within a pace, folds and stores it.
func (n *native) batch(ctx context.Context) error {
	from, count := n.next, 0
	n.poll = append(n.poll[:0], make([]byte, argos.PartSize)...)
	within, cancel := context.WithTimeout(ctx, nativePace)
	defer cancel()
	for ; count < nativePoll; count++ {
		m, err := n.reader.ReadMessage(within)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			return err
		}
		n.poll = argos.AppendLogRecord(n.poll, argos.LogRecord{Offset: m.Offset, Time: m.Time.UnixMilli(), Value: m.Value})
		n.next = m.Offset + 1
	}
	if count == 0 {
		return nil
	}
	argos.Part{Partition: int32(n.partition), From: from, To: n.next}.Append(n.poll[:0])
	var failed error
	err := n.router.Poll(int64(n.partition), n.poll, func(shard int64, part []byte) {
		docs, err := n.fold.Part(ctx, n.shard, part)
		if err == nil {
			n.out = docs.Append(n.out[:0])
			err = n.sink.ProcessElement(shard, n.out, nil)
		}
		failed = errors.Join(failed, err)
	}, func(int64, []byte) {})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	return n.sink.FinishBundle(ctx, func(int64, []byte) {})
}
