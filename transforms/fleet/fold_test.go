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

func fold(t *testing.T, f *Fold, s *Shard, payload []byte) *argos.Documents {
	t.Helper()
	docs, err := f.Part(t.Context(), s, payload)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func has(s *Shard, id string) bool { _, ok := s.index[id]; return ok }

func TestAPartBelowWhatTheShardHasSeenFails(t *testing.T) {
	f := newFold(stored{})
	begun := NewShard(f.Stamp)
	fold(t, f, begun, part(1, 10, begin, "a", "b"))
	base := begun.Base(nil)
	for _, from := range []int64{0, 10, 11} {
		s, err := Unpack(base, nil, f.Stamp)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Part(t.Context(), s, part(1, from, begin, "c")); !errors.Is(err, ErrOrder) {
			t.Errorf("a part from %d: %v", from, err)
		}
	}
	fold(t, f, begun, part(1, 12, begin, "c"))
	fold(t, f, begun, part(2, 0, begin, "d")) // another partition has its own order
}

func TestAForeignBaseIsSeededAgain(t *testing.T) {
	store := stored{}
	f := newFold(store)
	s := NewShard(f.Stamp)
	store.keep(fold(t, f, s, part(1, 0, begin, "a", "b")))
	base := s.Base(nil)
	for name, stamp := range map[string]Stamp{"shards": {Shards: 8, Partitions: 4}, "partitions": {Shards: 4, Partitions: 2}} {
		s, err := Unpack(base, nil, stamp)
		if err != nil {
			t.Fatal(err)
		}
		docs := fold(t, &Fold{Stamp: stamp, Lookup: store.lookup}, s, part(1, 2, begin, "a"))
		if len(docs.Trucks) != 1 || docs.Trucks[0].Rev != 2 {
			t.Errorf("other %s: %+v", name, docs.Trucks)
		}
	}
	base[0]++ // the version
	s, err := Unpack(base, nil, f.Stamp)
	if err != nil {
		t.Fatal(err)
	}
	if docs := fold(t, f, s, part(1, 0, begin, "a")); len(docs.Trucks) != 0 {
		t.Errorf("the store has folded offset 0, and yet: %+v", docs.Trucks)
	}
}

func TestADeltaThatDoesNotFollowIsRefused(t *testing.T) {
	f := newFold(stored{})
	s := NewShard(f.Stamp)
	fold(t, f, s, part(1, 0, begin, "a"))
	base := s.Base(nil)
	var deltas [][]byte
	for o := range int64(3) {
		fold(t, f, s, part(1, o+1, begin, "a"))
		deltas = append(deltas, s.Delta(nil))
	}
	again, err := Unpack(base, [][]byte{deltas[2], deltas[0], deltas[1]}, f.Stamp) // a bag has no order
	if err != nil || !bytes.Equal(again.Base(nil), s.Base(nil)) {
		t.Errorf("three deltas: %v", err)
	}
	for name, wrong := range map[string][][]byte{
		"the first is missing": deltas[1:], "one is missing": {deltas[0], deltas[2]}, "one is there twice": {deltas[0], deltas[0]},
	} {
		if _, err := Unpack(base, wrong, f.Stamp); !errors.Is(err, argos.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordsBelowTheStoredPosAreSkipped(t *testing.T) {
	store := stored{}
	f := newFold(store)
	store.keep(fold(t, f, NewShard(f.Stamp), part(0, 0, begin, "a", "b")))
	docs := fold(t, f, NewShard(f.Stamp), part(0, 0, begin, "a", "b", "c"))
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
		s := NewShard(f.Stamp)
		fold(t, f, s, part(0, 0, begin, "a", "b", "c"))
		fold(t, f, s, part(0, c.from, c.recv, "b", "c"))
		f.Evict(s)
		if left := !has(s, "a"); left != c.leaves {
			t.Errorf("%s: left %v", c.name, left)
		}
		again, err := Unpack(s.Base(nil), nil, f.Stamp)
		if err != nil {
			t.Fatal(err)
		}
		if docs := fold(t, f, s, part(0, 300, c.recv, "c", "b")); docs.Trucks[0].Rev != 3 || docs.Trucks[1].Rev != 3 {
			t.Errorf("%s: those who stay go on with rev %d and %d, want 3", c.name, docs.Trucks[0].Rev, docs.Trucks[1].Rev)
		}
		for _, id := range []string{"b", "c"} {
			if !has(s, id) || !has(again, id) {
				t.Errorf("%s: %s was heard of and left", c.name, id)
			}
		}
	}
}

func FuzzUnpack(f *testing.F) {
	folds := newFold(stored{})
	s := NewShard(folds.Stamp)
	if _, err := folds.Part(f.Context(), s, part(1, 0, begin, "T-1", "T-2")); err != nil {
		f.Fatal(err)
	}
	base := s.Base(nil)
	if _, err := folds.Part(f.Context(), s, part(1, 2, begin, "T-2")); err != nil {
		f.Fatal(err)
	}
	f.Add(base, s.Delta(nil))
	f.Add([]byte{blobVersion, 0}, []byte{})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		fold := newFold(stored{})
		s, err := Unpack(base, [][]byte{delta}, fold.Stamp)
		if err != nil {
			return
		}
		if _, err := fold.Part(t.Context(), s, part(1, 1<<40, begin, "T-1")); err != nil {
			return
		}
		if _, err := Unpack(s.Base(nil), nil, fold.Stamp); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

// A shard of so many trucks, of which a part moves a quarter, four records each.
func BenchmarkPart(b *testing.B) {
	for _, trucks := range []int{4, 100, 1000, 12_500} {
		b.Run(fmt.Sprintf("trucks=%d", trucks), func(b *testing.B) {
			f := newFold(stored{})
			s := NewShard(f.Stamp)
			var ids []string
			for i := range trucks {
				ids = append(ids, fmt.Sprintf("T-%05d", i))
			}
			if _, err := f.Part(b.Context(), s, part(0, 0, begin, ids...)); err != nil {
				b.Fatal(err)
			}
			touched := trucks / 4
			records, offset := 0, int64(len(ids))
			var w decode.Writer
			var delta []byte
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
				if _, err := f.Part(b.Context(), s, payload); err != nil {
					b.Fatal(err)
				}
				delta = s.Delta(delta[:0])
				records += 4 * touched
			}
			b.ReportMetric(float64(len(delta))/1024, "KB/delta")
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "fixes/s")
		})
	}
}
