package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
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
	tracks map[string]*track.Track
	ends   []int64     // of the partitions, and so how many the layout has
	epoch  int32       // of the layout
	old    argos.Truck // a document of before

	layouts []cluster.Layout // when the topic has grown
	sent    int
	quiet   bool // the senders write nothing down
	key     func(id string, n int) string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, trucks*each)
}

func newWorldOf(t *testing.T, n int) *world {
	t.Helper()
	broker, err := kfakeio.Start(kfakeio.Config{Dir: filepath.Join(t.TempDir(), "log"), Partitions: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	return newWorldOn(t, broker.Addr(), n, func(id string, _ int) string { return id })
}

// newWorldOn is a world on a given broker, with Kafka keys of the test's choice.
func newWorldOn(t *testing.T, broker string, n int, key func(id string, n int) string) (w *world) {
	t.Helper()
	dir := t.TempDir()
	w = &world{
		docs:   map[string]argos.Truck{},
		tracks: map[string]*track.Track{},
		key:    key,
		ends:   make([]int64, 3),
		client: clientOf(broker),
	}
	var err error
	path := filepath.Join(dir, "ledger.ndjson")
	if w.ledger, err = ledger.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ledger.Close() })
	w.config = audit.Config{Ledger: path, Kafka: cluster.Plain(broker), Topic: argos.Topic}

	w.grow(t, n)
	return w
}

func clientOf(broker string) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(broker), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
}

// grow lets the fleet send, and the pipeline store, n more fixes.
func (w *world) grow(t *testing.T, n int) {
	t.Helper()
	logs := make([][]kafka.Record, len(w.ends))
	for i := w.sent; i < w.sent+n; i++ {
		id := fmt.Sprintf("T-%d", i%trucks)
		rec := fixOf(i)
		p := argos.PartitionOf(id, len(w.ends))
		logs[p] = append(logs[p], kafka.Record{
			Key: kafka.NewBytes([]byte(w.key(id, i))), Value: kafka.NewBytes(wire.AppendRecord(nil, rec)),
			Time: time.UnixMilli(rec.Recv),
		})
		if w.tracks[id] == nil {
			w.tracks[id] = &track.Track{}
		}
		w.ends[p]++
		w.tracks[id].Fold(rec, argos.Pos{Epoch: w.epoch, Partition: int32(p), Next: w.ends[p]})
		d := w.docs[id]
		d.ID = id
		if rec.Attrs != nil {
			d.Attrs = rec.Attrs
		}
		w.docs[id] = d
		if !w.quiet {
			w.entry(t, &rec.Fix, ledger.Acked)
		}
	}
	w.sent += n
	for p, records := range logs {
		w.produce(t, p, records...)
	}
	w.restore(t)
}

// fixOf is the fleet's i-th.
func fixOf(i int) *argos.Record {
	r := &argos.Record{
		Fix: argos.NewFix(
			fmt.Sprintf("T-%d", i%trucks),
			1_700_000_000_000+int64(i/trucks)*1000,
			51.9,
			4.5+float64(i)*1e-6,
		),
		Recv: 1_700_000_000_500 + int64(i),
	}
	r.Seq = int64(i)
	if i%7 == 0 {
		r.Attrs = fmt.Appendf(nil, `{"n":%d}`, i)
	}
	return r
}

// restore stores the documents and marks as they should be.
func (w *world) restore(t *testing.T) {
	t.Helper()
	for id, d := range w.docs {
		w.tracks[id].Fill(&d)
		d.Track = bytes.Clone(d.Track)
		w.docs[id] = d
	}
	w.rebuild(t, func(*argos.Truck) bool { return true }, w.truth())
}

// truth are the marks as they should be.
func (w *world) truth() (marks []argos.Mark) {
	for p, end := range w.ends {
		marks = append(marks, argos.Mark{Topic: argos.Topic, Partition: int32(p), Epoch: w.epoch, Offset: end})
	}
	return marks
}

// snapshot are the documents as they are now.
func (w *world) snapshot() map[string]argos.Truck {
	docs := maps.Clone(w.docs)
	for id, d := range docs {
		d.Track = bytes.Clone(d.Track)
		docs[id] = d
	}
	return docs
}

func (w *world) upsert(t *testing.T, d argos.Truck) {
	t.Helper()
	if refused, err := w.store.Upsert(t.Context(), []argos.Truck{d}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
}

func (w *world) entry(t *testing.T, f *argos.Fix, o ledger.Outcome) {
	t.Helper()
	w.entryOf(t, "r", f, o)
}

func (w *world) entryOf(t *testing.T, run string, f *argos.Fix, o ledger.Outcome) {
	t.Helper()
	e := ledger.Entry{Run: run, TruckID: f.TruckID, Seq: f.Seq, TS: f.Time, Lat: f.Lat, Lon: f.Lon, Outcome: o}
	if err := w.ledger.Write(e); err != nil {
		t.Fatal(err)
	}
}

// another is a fix of a truck that its fleet has not sent.
func another(id string, seq int64) *argos.Record {
	r := &argos.Record{Fix: argos.NewFix(id, 1_700_000_900_000+seq, 51.9, 4.5), Recv: 1_700_000_900_000 + seq}
	r.Seq = seq
	return r
}

// log writes a record where it belongs.
func (w *world) log(t *testing.T, r *argos.Record) {
	t.Helper()
	w.produce(t, argos.PartitionOf(r.TruckID, len(w.ends)),
		kafka.Record{Key: kafka.NewBytes([]byte(r.TruckID)), Value: kafka.NewBytes(wire.AppendRecord(nil, r))})
}

// marks writes marks in the place of all that there are.
func (w *world) marks(t *testing.T, marks ...argos.Mark) {
	t.Helper()
	w.rebuild(t, func(*argos.Truck) bool { return true }, marks)
}

func (w *world) stored(t *testing.T) []argos.Mark {
	t.Helper()
	marks, err := w.store.Marks(t.Context(), argos.Topic)
	if err != nil {
		t.Fatal(err)
	}
	return marks
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
			d.Track = bytes.Clone(d.Track)
			alter(d)
		}
		return true
	}, w.stored(t))
}

func (w *world) remove(t *testing.T, id string) {
	t.Helper()
	w.rebuild(t, func(d *argos.Truck) bool { return d.ID != id }, w.stored(t))
}

// rebuild moves the world to a new store with other documents and marks.
func (w *world) rebuild(t *testing.T, keep func(*argos.Truck) bool, marks []argos.Mark) {
	t.Helper()
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

func newcomer(partition int) string {
	for i := 0; ; i++ {
		if id := fmt.Sprintf("new-%d", i); argos.PartitionOf(id, 3) == partition {
			return id
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
