package pipelines

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/io/storeio"
	"argos/transforms/decode"
	"argos/transforms/fleet"
	"argos/transforms/track"
	"argos/wire"
)

// TestExact says that a log has one outcome: whatever cut its polls, however many shards there are, wherever the pipeline was
// stopped and resumed, and whoever else still writes, the documents are the plain fold of each truck's records.
func TestExact(t *testing.T) {
	store, uri := newMemStore(t)
	for range 10 { // a check is 100 cases
		rapid.Check(t, exact(store, uri))
	}
}

func exact(store *memStore, uri string) func(*rapid.T) {
	return func(t *rapid.T) {
		clear(store.trucks)
		log := drawLog(t)
		m := &machine{t: t, log: log, store: store, uri: uri, next: make([]int64, len(log)), mark: make([]int64, len(log))}
		m.restart()
		for m.behind() {
			switch k := rapid.IntRange(0, 19).Draw(t, "step"); {
			case k < 11:
				m.poll()
			case k < 17:
				m.flush()
			case k < 18 && m.crashes < 4:
				m.crash()
			default:
				m.haunt()
			}
		}
		compare(t, store, log)
	}
}

func drawLog(t *rapid.T) [][][]byte {
	log := make([][][]byte, rapid.IntRange(1, 3).Draw(t, "partitions"))
	for p := range log {
		clocks := make([]int64, rapid.IntRange(1, 4).Draw(t, "trucks"))
		recv := int64(1_700_000_000_000)
		for range rapid.IntRange(0, 40).Draw(t, "records") {
			k := rapid.IntRange(0, len(clocks)-1).Draw(t, "truck")
			recv += rapid.SampledFrom([]int64{0, 20, 1000, 1000, 60_000, 2 * 3_600_000}).Draw(t, "pause")
			clocks[k] += rapid.SampledFrom([]int64{1000, 1000, 1000, 0, -1000, -3000, -60_000, 300_000}).Draw(t, "step")
			log[p] = append(log[p], drawValue(t, truckIn(p, len(log), k), clocks[k], recv))
		}
	}
	return log
}

func drawValue(t *rapid.T, id string, clock, recv int64) []byte {
	if rapid.IntRange(0, 9).Draw(t, "garbage") == 0 {
		return rapid.SampledFrom([][]byte{nil, {}, []byte("{}"), {0xff}}).Draw(t, "value")
	}
	away := rapid.SampledFrom([]float64{0, 0, 0, 1e-4, 0.5}).Draw(t, "away")
	r := argos.Record{Fix: argos.NewFix(id, 1_700_000_000_000+clock, 52+float64(clock)*9e-8+away, 13), Recv: recv}
	r.Accuracy = rapid.SampledFrom([]float64{math.NaN(), 3, 30}).Draw(t, "accuracy")
	r.Speed = rapid.SampledFrom([]float64{math.NaN(), 0, 10}).Draw(t, "speed")
	r.Valid = rapid.IntRange(0, 9).Draw(t, "valid") > 0
	r.Recorded = rapid.IntRange(0, 9).Draw(t, "recorded") == 0
	if rapid.IntRange(0, 4).Draw(t, "attrs") == 0 {
		r.Attrs = fmt.Appendf(nil, `{"n":%d}`, recv%1000)
	}
	return wire.AppendRecord(nil, &r)
}

// truckIn returns the n-th id of a partition.
func truckIn(partition, partitions, n int) string {
	for i := 0; ; i++ {
		if id := fmt.Sprintf("T-%d", i); argos.PartitionOf(id, partitions) == partition {
			if n--; n < 0 {
				return id
			}
		}
	}
}

// compare checks each stored document against the plain fold of its truck's records.
func compare(t require, store *memStore, log [][][]byte) {
	want := map[string]*argos.Truck{}
	tracks := map[string]*track.Track{}
	var parser wire.Parser
	for p := range log {
		for o, v := range log[p] {
			var r argos.Record
			if v == nil || parser.Record(v, &r) != nil {
				continue
			}
			if want[r.TruckID] == nil {
				want[r.TruckID], tracks[r.TruckID] = &argos.Truck{ID: r.TruckID}, &track.Track{}
			}
			d := want[r.TruckID]
			tracks[r.TruckID].Fold(&r, argos.Pos{Partition: int32(p), Next: int64(o) + 1})
			if r.Attrs != nil {
				d.Attrs = r.Attrs
			}
		}
	}
	if len(store.trucks) != len(want) {
		t.Fatalf("%d documents, want %d", len(store.trucks), len(want))
	}
	for id, d := range want {
		tracks[id].Fill(d)
		got := store.trucks[id]
		got.Updated = 0
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", *d) {
			t.Fatalf("truck %s\n got %+v\nwant %+v", id, got, *d)
		}
	}
}

type require interface {
	Fatalf(format string, args ...any)
}

// inFlight is how many records of a partition the machine lets be under way.
const inFlight = 12

// machine is a runner reduced to what it may do to the pipeline's steps: bundles end when it likes, a shard's in order, and it may
// die. The steps are the real ones.
type machine struct {
	t          *rapid.T
	log        [][][]byte
	store      *memStore
	uri        string
	next, mark []int64
	crashes    int

	router decode.Router
	fold   fleet.Fold
	shards map[int64]*kept
	open   map[int64]*storeio.Fn // a shard's unfinished bundle
	ghosts []*storeio.Fn         // bundles of dead jobs that may still end
	polls  []map[int64]*poll     // by partition and beginning
}

type poll struct {
	to      int64
	missing int32
}

func (m *machine) restart() {
	n := len(m.log)
	shards := n * rapid.IntRange(0, 3).Draw(m.t, "shards")
	m.router = decode.Router{Partitions: n, Shards: shards}
	m.fold = fleet.Fold{Stamp: fleet.Stamp{Shards: int32(shards), Partitions: int32(n)}, Unconfirmed: inFlight, Lookup: m.store.Trucks}
	m.shards, m.open = map[int64]*kept{}, map[int64]*storeio.Fn{}
	m.polls = make([]map[int64]*poll, n)
	copy(m.next, m.mark)
	for p := range m.polls {
		m.polls[p] = map[int64]*poll{}
	}
}

func (m *machine) behind() bool {
	for p := range m.log {
		if m.mark[p] < int64(len(m.log[p])) {
			return true
		}
	}
	return false
}

func (m *machine) poll() {
	p := rapid.IntRange(0, len(m.log)-1).Draw(m.t, "partition")
	from := m.next[p]
	to := min(from+int64(rapid.IntRange(1, 6).Draw(m.t, "size")), int64(len(m.log[p])), m.mark[p]+inFlight)
	if to <= from {
		m.flush()
		return
	}
	m.next[p] = to
	b := argos.Part{Partition: int32(p), From: from, To: to}.Append(nil)
	for o := from; o < to; o++ {
		b = argos.AppendLogRecord(b, argos.LogRecord{Offset: o, Value: m.log[p][o]})
	}
	m.must(m.router.Poll(int64(p), b, m.part, func(_ int64, b []byte) { m.ack(0, b[:argos.PartSize]) }))
}

// kept is a shard in memory and what a runner keeps of it.
type kept struct {
	*fleet.Shard
	base   []byte
	deltas [][]byte
}

func (m *machine) part(shard int64, payload []byte) {
	s := m.shards[shard]
	if s == nil {
		s = &kept{Shard: fleet.NewShard(m.fold.Stamp)}
		m.shards[shard] = s
	} else if rapid.IntRange(0, 3).Draw(m.t, "cold") == 0 {
		again, err := fleet.Unpack(s.base, s.deltas, m.fold.Stamp)
		m.must(err)
		s.Shard = again
	}
	docs, err := m.fold.Part(context.Background(), s.Shard, payload)
	m.must(err)
	if s.base == nil || rapid.IntRange(0, 3).Draw(m.t, "base") == 0 {
		m.fold.Evict(s.Shard)
		s.base, s.deltas = s.Base(nil), nil
	} else {
		s.deltas = append(s.deltas, s.Delta(nil))
	}
	if m.open[shard] == nil {
		m.open[shard] = &storeio.Fn{Config: storeio.Config{Job: "exact", StoreURI: m.uri}}
	}
	m.must(m.open[shard].ProcessElement(shard, docs.Append(nil), nil))
}

// flush ends one bundle, or, for a start, all.
func (m *machine) flush() {
	all := rapid.Bool().Draw(m.t, "all")
	for _, shard := range slices.Sorted(maps.Keys(m.open)) {
		m.must(m.open[shard].FinishBundle(context.Background(), m.ack))
		delete(m.open, shard)
		if !all {
			return
		}
	}
}

func (m *machine) crash() {
	m.crashes++
	for _, shard := range slices.Sorted(maps.Keys(m.open)) {
		m.ghosts = append(m.ghosts, m.open[shard])
	}
	for p := range m.mark { // the marks in the store may be older than those in memory
		m.mark[p] = max(0, m.mark[p]-int64(rapid.IntRange(0, 3).Draw(m.t, "back")))
	}
	m.restart()
}

// haunt ends a bundle of a dead job.
func (m *machine) haunt() {
	if n := len(m.ghosts); n > 0 {
		m.must(m.ghosts[n-1].FinishBundle(context.Background(), func(int64, []byte) {}))
		m.ghosts = m.ghosts[:n-1]
	}
}

func (m *machine) ack(_ int64, b []byte) {
	for len(b) > 0 {
		a, rest, err := argos.DecodePart(b)
		m.must(err)
		m.acked(a)
		b = rest
	}
}

func (m *machine) acked(a argos.Part) {
	polls := m.polls[a.Partition]
	if polls[a.From] == nil {
		polls[a.From] = &poll{a.To, a.Of}
	}
	polls[a.From].missing--
	mark := &m.mark[a.Partition]
	for q := polls[*mark]; q != nil && q.missing == 0; q = polls[*mark] {
		*mark = q.to
	}
}

func (m *machine) must(err error) {
	if err != nil {
		m.t.Fatalf("%v", err)
	}
}
