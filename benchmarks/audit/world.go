package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"argos"
	"argos/audit"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/sqliteio"
	"argos/ledger"
	"argos/transforms/track"
	"argos/wire"

	kafka "github.com/segmentio/kafka-go"
)

const partitions = 8

// world is a fleet whose fixes are acked, logged and stored, without gateway and pipeline: these are not what is
// measured.
type world struct {
	kafka, ledgerPath, storeURI string

	client *kafka.Client
	store  argos.Store
	ledger *ledger.Writer
	trucks int
	tracks []track.Track
	ends   [partitions]int64
	rounds int
	random *rand.Rand
}

func newWorld(ctx context.Context, dir, broker string, trucks int) (*world, error) {
	w := &world{
		kafka:      broker,
		ledgerPath: filepath.Join(dir, "ledger.ndjson"),
		storeURI:   sqliteio.URI(filepath.Join(dir, "trucks.db")),
		client:     &kafka.Client{Addr: kafka.TCP(broker), Timeout: time.Minute},
		trucks:     trucks,
		tracks:     make([]track.Track, trucks),
		random:     rand.New(rand.NewPCG(1, 1)),
	}
	for topic, n := range map[string]int{argos.Topic: partitions, argos.DeadLetterTopic: 1} {
		if err := kafkaio.EnsureTopic(ctx, cluster.Plain(broker), topic, n); err != nil {
			return nil, err
		}
	}
	// Asked until each partition has its leader, of which the client, when it is first used, hears at once.
	if _, err := kafkaio.Offsets(ctx, cluster.Plain(broker), argos.Topic); err != nil {
		return nil, err
	}
	var err error
	if w.store, err = argos.Process.Open(ctx, w.storeURI); err != nil {
		return nil, err
	}
	w.ledger, err = ledger.Open(w.ledgerPath)
	return w, err
}

func (w *world) close() error { return errors.Join(w.ledger.Close(), w.store.Close()) }

// grow lets each truck send until it has sent so many fixes, once in ten seconds.
func (w *world) grow(ctx context.Context, rounds int) error {
	var batches [partitions][]kafka.Record
	for ; w.rounds < rounds; w.rounds++ {
		for i := range w.trucks {
			r := w.fix(i)
			p := argos.PartitionOf(r.TruckID, partitions)
			w.ends[p]++
			w.tracks[i].Fold(r, argos.Pos{Partition: int32(p), Next: w.ends[p]})
			batches[p] = append(batches[p], kafka.Record{
				Key: kafka.NewBytes(
					[]byte(r.TruckID),
				),
				Value: kafka.NewBytes(wire.AppendRecord(nil, r)),
				Time:  time.UnixMilli(r.Recv),
			})
			e := ledger.Entry{
				Run:     "bench",
				TruckID: r.TruckID,
				Seq:     r.Seq,
				TS:      r.Time,
				Lat:     r.Lat,
				Lon:     r.Lon,
				Outcome: ledger.Acked,
			}
			if err := w.ledger.Write(e); err != nil {
				return err
			}
			if len(batches[p]) == 4000 {
				if err := w.produce(ctx, p, batches[p]); err != nil {
					return err
				}
				batches[p] = batches[p][:0]
			}
		}
	}
	for p, b := range batches {
		if err := w.produce(ctx, p, b); err != nil {
			return err
		}
	}
	if err := w.ledger.Flush(); err != nil {
		return err
	}
	return w.save(ctx)
}

func (w *world) fix(i int) *argos.Record {
	n := w.rounds
	at := time.Now().Truncate(24*time.Hour).UnixMilli() + 10_000*int64(n) + int64(i%10_000)
	metre := 1.0 / 111_195
	r := &argos.Record{
		Fix: argos.NewFix(
			fmt.Sprintf("B-%06d", i),
			at,
			52+(150*float64(n)+3*w.random.NormFloat64())*metre,
			13+float64(i)*1e-4,
		),
		Recv: at + 300,
	}
	r.Seq, r.Speed, r.Heading, r.Accuracy = int64(n), 15, 0, 4
	return r
}

func (w *world) produce(ctx context.Context, p int, records []kafka.Record) error {
	if len(records) == 0 {
		return nil
	}
	_, err := w.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: argos.Topic, Partition: p, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	return err
}

// save stores the documents, and then the marks.
func (w *world) save(ctx context.Context) error {
	const page = 500
	for from := 0; from < w.trucks; from += page {
		var docs []argos.Truck
		for i := from; i < min(from+page, w.trucks); i++ {
			d := argos.Truck{ID: fmt.Sprintf("B-%06d", i)}
			w.tracks[i].Fill(&d)
			docs = append(docs, d)
		}
		if _, err := w.store.Upsert(ctx, docs); err != nil {
			return err
		}
	}
	var marks []argos.Mark
	for p, end := range w.ends {
		marks = append(marks, argos.Mark{Topic: argos.Topic, Partition: int32(p), Offset: end})
	}
	return w.store.SetMarks(ctx, marks)
}

func reportOf(out []byte) (r audit.Report, err error) {
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("the audit's report: %w", err)
	}
	if !r.Clean() {
		return r, fmt.Errorf("the audit is not clean: %s", out)
	}
	return r, nil
}
