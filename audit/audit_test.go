package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/audit"
	"argos/cluster"
	"argos/io/kfakeio"
	"argos/io/sqliteio"
	"argos/ledger"
	"argos/transforms/track"
	"argos/wire"
)

const trucks, each = 6, 40

// world is a small fleet whose fixes were acked, logged and stored, all by the book.
type world struct {
	config audit.Config
	ledger *ledger.Writer
	store  argos.Store
	client *kafka.Client
	docs   map[string]argos.Truck
}

func newWorld(t *testing.T) *world {
	t.Helper()
	broker, err := kfakeio.Start(kfakeio.Config{Dir: filepath.Join(t.TempDir(), "log"), Partitions: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	return newWorldOn(t, broker.Addr(), func(id string, _ int) string { return id })
}

// newWorldOn is a world on a given broker, with Kafka keys of the test's choice.
func newWorldOn(t *testing.T, broker string, key func(id string, n int) string) (w *world) {
	t.Helper()
	dir := t.TempDir()
	w = &world{docs: map[string]argos.Truck{}, client: &kafka.Client{Addr: kafka.TCP(broker), Timeout: 10 * time.Second}}
	var err error
	if w.store, err = sqliteio.Open(t.Context(), "sqlite:"+filepath.Join(dir, "trucks.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	path := filepath.Join(dir, "ledger.ndjson")
	if w.ledger, err = ledger.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ledger.Close() })
	w.config = audit.Config{Ledger: path, Kafka: cluster.Plain(broker), Topic: argos.Topic, Store: w.store}

	tracks, logs := map[string]*track.Track{}, make([][]kafka.Record, 3)
	for i := range trucks * each {
		id := fmt.Sprintf("T-%d", i%trucks)
		rec := argos.Record{Fix: argos.NewFix(id, 1_700_000_000_000+int64(i/trucks)*1000, 51.9, 4.5+float64(i)*1e-6), Recv: 1_700_000_000_500 + int64(i)}
		rec.Seq = int64(i)
		if i%7 == 0 {
			rec.Attrs = fmt.Appendf(nil, `{"n":%d}`, i)
		}
		p := argos.PartitionOf(id, 3)
		logs[p] = append(logs[p], kafka.Record{Key: kafka.NewBytes([]byte(key(id, i))), Value: kafka.NewBytes(wire.AppendRecord(nil, &rec)), Time: time.UnixMilli(rec.Recv)})
		if tracks[id] == nil {
			tracks[id] = &track.Track{}
		}
		tracks[id].Fold(&rec, argos.Pos{Partition: int32(p), Next: int64(len(logs[p]))})
		d := w.docs[id]
		d.ID = id
		if rec.Attrs != nil {
			d.Attrs = rec.Attrs
		}
		w.docs[id] = d
		w.entry(t, id, rec.Seq, ledger.Acked)
	}
	var marks []argos.Mark
	for p, records := range logs {
		w.produce(t, p, records...)
		marks = append(marks, argos.Mark{Topic: argos.Topic, Partition: int32(p), Offset: int64(len(records))})
	}
	for id, d := range w.docs {
		tracks[id].Fill(&d)
		d.Track = bytes.Clone(d.Track)
		w.docs[id] = d
		w.upsert(t, d)
	}
	if err := w.store.SetMarks(t.Context(), marks); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) produce(t *testing.T, partition int, records ...kafka.Record) {
	t.Helper()
	if len(records) == 0 {
		return
	}
	_, err := w.client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: argos.Topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) upsert(t *testing.T, d argos.Truck) {
	t.Helper()
	if refused, err := w.store.Upsert(t.Context(), []argos.Truck{d}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
}

func (w *world) entry(t *testing.T, id string, seq int64, o ledger.Outcome) {
	t.Helper()
	if err := w.ledger.Write(ledger.Entry{Run: "r", TruckID: id, Seq: seq, TS: 1, Outcome: o}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) audit(t *testing.T) *audit.Report {
	t.Helper()
	if err := w.ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Run(context.Background(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replace puts an altered document in the place of a stored one, which the guard would not allow.
func (w *world) replace(t *testing.T, id string, alter func(*argos.Truck)) {
	t.Helper()
	w.rebuild(t, func(d *argos.Truck) bool {
		if d.ID == id {
			alter(d)
		}
		return true
	})
}

func (w *world) remove(t *testing.T, id string) {
	t.Helper()
	w.rebuild(t, func(d *argos.Truck) bool { return d.ID != id })
}

// rebuild moves the world to a new store with other documents.
func (w *world) rebuild(t *testing.T, keep func(*argos.Truck) bool) {
	t.Helper()
	marks, err := w.store.Marks(t.Context(), argos.Topic)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := sqliteio.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trucks.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fresh.Close() })
	w.store, w.config.Store = fresh, fresh
	for _, d := range w.docs {
		if keep(&d) {
			w.upsert(t, d)
		}
	}
	if err := fresh.SetMarks(t.Context(), marks); err != nil {
		t.Fatal(err)
	}
}

// What the pipeline has not come to yet is pending: neither lost nor diverged.
func TestPending(t *testing.T) {
	w := newWorld(t)
	p := argos.PartitionOf("T-1", 3)
	for _, id := range []string{"T-1", newcomer(p)} {
		rec := argos.Record{Fix: argos.NewFix(id, 1_700_000_900_000, 51.9, 4.5), Recv: 1_700_000_900_000}
		rec.Seq = 500_000
		w.produce(t, p, kafka.Record{Key: kafka.NewBytes([]byte(id)), Value: kafka.NewBytes(wire.AppendRecord(nil, &rec))})
		w.entry(t, id, rec.Seq, ledger.Acked)
	}
	if r := w.audit(t); !r.Clean() || r.Pending != 2 {
		t.Errorf("%+v", r)
	}
}

func newcomer(partition int) string {
	for i := 0; ; i++ {
		if id := fmt.Sprintf("new-%d", i); argos.PartitionOf(id, 3) == partition {
			return id
		}
	}
}
