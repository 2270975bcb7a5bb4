package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"argos"
	"argos/transforms/decode"
)

const begin = 1_700_000_000_000

// stored is a store of documents reduced to what a fold asks.
type stored map[string]argos.Truck

func (s stored) lookup(_ context.Context, ids []string) (found []argos.Truck, err error) {
	for _, id := range ids {
		if t, ok := s[id]; ok {
			found = append(found, t)
		}
	}
	return found, nil
}

func (s stored) keep(d *argos.Documents) {
	for _, t := range d.Trucks {
		t.Track = bytes.Clone(t.Track)
		s[t.ID] = t
	}
}

func newFold(s stored) *Fold {
	return &Fold{Stamp: Stamp{Shards: 4, Partitions: 4}, Unconfirmed: 100, Lookup: s.lookup}
}

// part is a payload with a record of each truck, a second after the one of the offset before; recv is given.
func part(partition int32, from int64, recv int64, trucks ...string) []byte {
	var w decode.Writer
	for i, id := range trucks {
		o := from + int64(i)
		r := argos.Record{Fix: argos.NewFix(id, begin+o*1000, 52+float64(o)*1e-4, 13), Recv: recv}
		w.Add(w.Truck(id), o, &r)
	}
	return w.Append(nil, argos.Part{Partition: partition, From: from, To: from + int64(len(trucks)), Of: 1})
}

func fold(t *testing.T, f *Fold, blob, payload []byte) ([]byte, *argos.Documents) {
	t.Helper()
	next, docs, err := f.Part(t.Context(), blob, payload)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(next), docs
}

func TestAPartBelowWhatTheShardHasSeenFails(t *testing.T) {
	f := newFold(stored{})
	blob, _ := fold(t, f, nil, part(1, 10, begin, "a", "b"))
	for _, from := range []int64{0, 10, 11} {
		if _, _, err := f.Part(t.Context(), blob, part(1, from, begin, "c")); !errors.Is(err, ErrOrder) {
			t.Errorf("a part from %d: %v", from, err)
		}
	}
	fold(t, f, blob, part(1, 12, begin, "c"))
	fold(t, f, blob, part(2, 0, begin, "d")) // another partition has its own order
}

func TestAForeignBlobIsSeededAgain(t *testing.T) {
	store := stored{}
	blob, docs := fold(t, newFold(store), nil, part(1, 0, begin, "a", "b"))
	store.keep(docs)
	for name, other := range map[string]*Fold{
		"shards":     {Stamp: Stamp{Shards: 8, Partitions: 4}, Lookup: store.lookup},
		"partitions": {Stamp: Stamp{Shards: 4, Partitions: 2}, Lookup: store.lookup},
	} {
		_, docs := fold(t, other, blob, part(1, 2, begin, "a"))
		if len(docs.Trucks) != 1 || docs.Trucks[0].Rev != 2 {
			t.Errorf("other %s: %+v", name, docs.Trucks)
		}
	}
	version := bytes.Clone(blob)
	version[0]++
	if _, docs := fold(t, newFold(store), version, part(1, 0, begin, "a")); len(docs.Trucks) != 0 {
		t.Errorf("the store has folded offset 0, and yet: %+v", docs.Trucks)
	}
}

func TestRecordsBelowTheStoredPosAreSkipped(t *testing.T) {
	store := stored{}
	_, docs := fold(t, newFold(store), nil, part(0, 0, begin, "a", "b"))
	store.keep(docs)
	_, docs = fold(t, newFold(store), nil, part(0, 0, begin, "a", "b", "c"))
	if len(docs.Trucks) != 1 || docs.Trucks[0].ID != "c" || len(docs.Recvs) != 1 {
		t.Errorf("got %+v with %d records", docs.Trucks, len(docs.Recvs))
	}
}

func TestIdleTrucksLeave(t *testing.T) {
	hour := time.Hour.Milliseconds()
	for _, c := range []struct {
		name   string
		from   int64
		recv   int64
		leaves bool
	}{
		{"silent for an hour, and stored", 200, begin + hour + 1, true},
		{"silent for an hour, but perhaps not stored yet", 50, begin + hour + 1, false},
		{"not silent for an hour", 200, begin + hour, false},
	} {
		f := newFold(stored{})
		blob, _ := fold(t, f, nil, part(0, 0, begin, "a", "b"))
		blob, _ = fold(t, f, blob, part(0, c.from, c.recv, "b"))
		if left := !bytes.Contains(blob, []byte("\x01a")); left != c.leaves {
			t.Errorf("%s: left %v", c.name, left)
		}
		if !bytes.Contains(blob, []byte("\x01b")) {
			t.Errorf("%s: b was heard of and left", c.name)
		}
	}
}

func TestGuard(t *testing.T) {
	defer Forget(t.Name())
	v, err := enter(t.Name(), 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enter(t.Name(), 7); !errors.Is(err, ErrTwice) {
		t.Errorf("a second entry: %v", err)
	}
	if _, err := enter(t.Name(), 8); err != nil {
		t.Errorf("another shard: %v", err)
	}
	if err := v.check(7, 0); err != nil {
		t.Error(err)
	}
	v.leave(1)
	if v, err = enter(t.Name(), 7); err != nil {
		t.Fatal(err)
	}
	if err := v.check(7, 0); !errors.Is(err, ErrTwice) {
		t.Errorf("a lost write: %v", err)
	}
}

func FuzzBlob(f *testing.F) {
	fold := newFold(stored{})
	blob, _, err := fold.Part(f.Context(), nil, part(1, 0, begin, "T-1", "T-2"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(blob))
	f.Add([]byte{blobVersion, 0})
	f.Fuzz(func(t *testing.T, blob []byte) {
		f := newFold(stored{})
		next, _, err := f.Part(t.Context(), blob, part(1, 1<<40, begin, "T-1"))
		if err != nil {
			return
		}
		if _, _, err := f.Part(t.Context(), bytes.Clone(next), part(1, 1<<41, begin, "T-1")); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

// A shard of so many trucks that the blob has the size named, of which a part moves a quarter, four records each.
func BenchmarkPart(b *testing.B) {
	for _, kb := range []int{1, 20, 80, 800} {
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) {
			f := newFold(stored{})
			var ids []string
			for i := 0; i < max(1, kb*1024/300); i++ {
				ids = append(ids, fmt.Sprintf("T-%05d", i))
			}
			blob, _, err := f.Part(b.Context(), nil, part(0, 0, begin, ids...))
			if err != nil {
				b.Fatal(err)
			}
			blob = bytes.Clone(blob)
			touched := max(1, len(ids)/4)
			records, offset := 0, int64(len(ids))
			var w decode.Writer
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				from := offset
				for _, id := range ids[:touched] {
					n := w.Truck(id)
					for range 4 {
						r := argos.Record{Fix: argos.NewFix(id, begin+offset*10, 52+float64(offset)*1e-6, 13), Recv: begin}
						w.Add(n, offset, &r)
						offset++
					}
				}
				payload := w.Append(nil, argos.Part{From: from, To: offset, Of: 1})
				b.StartTimer()
				next, _, err := f.Part(b.Context(), blob, payload)
				if err != nil {
					b.Fatal(err)
				}
				blob = append(blob[:0], next...)
				records += 4 * touched
			}
			b.ReportMetric(float64(len(blob))/1024, "KB")
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "fixes/s")
		})
	}
}
