package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"

	"argos"
	"argos/transforms/decode"
	"argos/transforms/track"
)

// TestMemoryAndState says that a shard's documents are the plain fold of its log, wherever a part ends, whichever
// worker folds it, whatever the workers remember of other times, and whenever a bundle fails or the runner goes back to
// an older state: what is in memory is used only when it is what the state holds.
func TestMemoryAndState(t *testing.T) {
	warm, read := 0, 0
	gone := testutil.ToFloat64(evicted)
	defer func(limit int) { memory.limit = limit }(memory.limit)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		defer m.forget()
		for m.committed.next < int64(len(m.log)) {
			m.bundle()
		}
		warm, read = warm+m.warm, read+m.cold
	})
	if gone = testutil.ToFloat64(evicted) - gone; warm == 0 || read == 0 || gone == 0 {
		t.Errorf(
			"memory was used %d times, the state read %d times, and %v trucks left for want of room, which proves little",
			warm,
			read,
			gone,
		)
	}
}

// moment is what a runner commits together: how far the log was read and the state.
type moment struct {
	next  int64
	state *cells
}

// unstored is more than what a bundle of the model folds before it stores.
const unstored = 20

type model struct {
	t          *rapid.T
	log        []argos.Record
	want       map[string]*track.Track // by the plain fold of the log up to...
	upTo       int64
	workers    []*Fn
	store      stored
	mark       int64 // below it all is stored
	term       int32 // of the workers
	committed  moment
	earlier    []moment // that the runner may go back to
	warm, cold int
}

func newModel(t *rapid.T) *model {
	m := &model{t: t, store: stored{}, committed: moment{0, newCells()}}
	trucks := rapid.IntRange(1, 6).Draw(t, "trucks")
	clocks := make([]int64, trucks)
	recv := int64(begin)
	for range rapid.IntRange(1, 150).Draw(t, "records") {
		k := rapid.IntRange(0, trucks-1).Draw(t, "truck")
		clocks[k] += rapid.SampledFrom([]int64{1000, 1000, 0, -1000, 60_000}).Draw(t, "step")
		fix := argos.NewFix(fmt.Sprintf("T-%d", k), begin+clocks[k], 52+float64(clocks[k])*9e-8, 13)
		recv += rapid.SampledFrom([]int64{0, 20, 1000, 1_800_000}).Draw(t, "pause")
		m.log = append(m.log, argos.Record{Fix: fix, Recv: recv})
	}
	for w := range rapid.IntRange(1, 3).Draw(t, "workers") {
		f := NewFn(Config{Job: fmt.Sprintf("model-%d", w), Shards: 1, Partitions: 1, Rewinds: true})
		f.fold = &Fold{Stamp: Stamp{Shards: 1, Partitions: 1}, Unconfirmed: unstored, Lookup: m.store.lookup}
		if rapid.Bool().Draw(t, "knows the mark") {
			f.fold.Stored = func(int32) int64 { return m.mark }
		}
		m.workers = append(m.workers, f)
	}
	return m
}

func (m *model) forget() {
	for _, w := range m.workers {
		Forget(w.Config.Job)
	}
}

// bundle runs a few parts on some worker, which the runner then commits or not. A truck takes some 400 bytes of memory.
func (m *model) bundle() {
	memory.limit = rapid.SampledFrom([]int{1, 500, 1000, 2000, 4000, 8000, 1 << 30, 1 << 30}).Draw(m.t, "limit")
	switch rapid.IntRange(0, 19).Draw(m.t, "event") {
	case 0: // back to a checkpoint
		if n := len(m.earlier); n > 0 {
			m.committed = m.earlier[rapid.IntRange(0, n-1).Draw(m.t, "checkpoint")]
		}
	case 1: // a worker forgets
		Forget(m.workers[rapid.IntRange(0, len(m.workers)-1).Draw(m.t, "worker")].Config.Job)
	case 2: // another number of shards, and back: the state is foreign to both
		other := *m.workers[0]
		other.fold = &Fold{Stamp: Stamp{Shards: 2, Partitions: 1}, Unconfirmed: unstored, Lookup: m.store.lookup}
		m.run(&other)
		return
	case 3:
		m.elsewhere()
		return
	}
	m.run(m.workers[rapid.IntRange(0, len(m.workers)-1).Draw(m.t, "worker")])
}

func (m *model) run(w *Fn) {
	now := moment{m.committed.next, m.committed.state.clone()}
	var docs []argos.Documents
	for range rapid.IntRange(1, 4).Draw(m.t, "parts") {
		to := min(now.next+int64(rapid.IntRange(1, 5).Draw(m.t, "size")), int64(len(m.log)))
		if to == now.next {
			break
		}
		if rapid.IntRange(0, 19).Draw(m.t, "trouble") == 0 {
			now.state.fail = rapid.IntRange(0, 2).Draw(m.t, "at write")
		}
		d, err := m.part(w, &now, to)
		if errors.Is(err, errOut) {
			return // the bundle failed, and with it all that it wrote
		}
		if err != nil {
			m.t.Fatal(err)
		}
		docs = append(docs, d)
	}
	switch rapid.IntRange(0, 9).Draw(m.t, "end") {
	case 0: // the bundle fails at its end
		return
	case 1: // ... when its documents were written already
		m.keep(docs)
		return
	}
	m.keep(docs)
	m.mark = max(m.mark, now.next)
	m.earlier = append(m.earlier, m.committed)
	m.committed = now
}

// elsewhere has another process own the partition for a while, from a mark on that may lie behind what is stored. The
// workers go on after it in a new term, with a state of before.
func (m *model) elsewhere() {
	other := NewFn(Config{Job: "elsewhere", Shards: 1, Partitions: 1, Rewinds: true})
	other.fold = &Fold{Stamp: Stamp{Shards: 1, Partitions: 1}, Unconfirmed: unstored, Lookup: m.store.lookup}
	defer Forget(other.Config.Job)
	term, before := m.term, m.committed
	m.term = 0
	m.committed = moment{max(0, m.committed.next-int64(rapid.IntRange(0, 5).Draw(m.t, "back"))), newCells()}
	for range rapid.IntRange(0, 4).Draw(m.t, "bundles elsewhere") {
		m.run(other)
	}
	m.term, m.earlier = term+1, nil
	m.committed = moment{max(before.next, m.committed.next), before.state} // a mark never goes back
}

// part folds the records up to an offset and checks the documents of the part.
func (m *model) part(w *Fn, now *moment, to int64) (docs argos.Documents, err error) {
	var p decode.Writer
	numbers := map[string]uint32{}
	for o := now.next; o < to; o++ {
		r := &m.log[o]
		if _, ok := numbers[r.TruckID]; !ok {
			numbers[r.TruckID] = p.Truck(r.TruckID)
		}
		p.Add(numbers[r.TruckID], o, r)
	}
	payload := p.Append(nil, argos.Part{Term: m.term, From: now.next, To: to, Of: 1})
	before := remembered(w)
	err = w.ProcessElement(context.Background(), now.state, 0, payload, func(_ int64, b []byte) {
		if err := docs.Decode(b); err != nil {
			m.t.Fatal(err)
		}
	})
	now.state.fail = -1
	if err != nil {
		return docs, err
	}
	switch {
	case now.next == 0:
	case remembered(w) == before:
		m.warm++
	default:
		m.cold++
	}
	now.next = to
	m.compare(&docs, to)
	return docs, nil
}

// compare checks documents against the plain fold of the log. Those of the part's trucks that the store has had for
// longer are not among them.
func (m *model) compare(docs *argos.Documents, to int64) {
	if m.want == nil || m.upTo > to {
		m.want, m.upTo = map[string]*track.Track{}, 0
	}
	for ; m.upTo < to; m.upTo++ {
		r := &m.log[m.upTo]
		if m.want[r.TruckID] == nil {
			m.want[r.TruckID] = &track.Track{}
		}
		m.want[r.TruckID].Fold(r, argos.Pos{Next: m.upTo + 1})
	}
	for _, d := range docs.Trucks {
		if want := m.want[d.ID].Append(nil); !bytes.Equal(d.Track, want) {
			m.t.Fatalf(
				"truck %s after offset %d: rev %d up to %d, want %d up to %d",
				d.ID,
				to,
				d.Rev,
				d.Pos.Next,
				m.want[d.ID].Rev(),
				m.want[d.ID].Pos().Next,
			)
		}
	}
	for o := docs.From; o < docs.To; o++ { // whoever has no document must have been stored
		id := m.log[o].TruckID
		if !slices.ContainsFunc(docs.Trucks, func(d argos.Truck) bool { return d.ID == id }) &&
			m.store[id].Pos.Next <= o {
			m.t.Fatalf("truck %s has a record at %d and no document", id, o)
		}
	}
}

// keep stores documents as the guard would.
func (m *model) keep(all []argos.Documents) {
	for _, docs := range all {
		for _, d := range docs.Trucks {
			if m.store[d.ID].Rev < d.Rev {
				m.store.keep(&argos.Documents{Trucks: []argos.Truck{d}})
			}
		}
	}
}
