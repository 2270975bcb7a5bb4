package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"argos"
	"argos/transforms/track"
)

// Shard is a shard's tracks in memory: what a base and the deltas since unpack into. It is one goroutine's at a time.
type Shard struct {
	head    header
	trucks  []entry
	index   map[string]int32
	size    int     // bytes that the entries take in a base
	moved   []int32 // by the last part
	kept    int     // trucks whose track is unpacked
	tight   bool    // memory is short: none is unpacked any more
	foreign bool    // what was unpacked had another stamp: the trucks are seeded from the store again
}

// NewShard is a shard that has seen nothing.
func NewShard(stamp Stamp) *Shard {
	return &Shard{head: header{Stamp: stamp}, index: map[string]int32{}}
}

// Unpack makes a shard of its base and the deltas since, given in any order. A base with another stamp makes an empty
// one.
func Unpack(base []byte, deltas [][]byte, want Stamp) (*Shard, error) {
	s := NewShard(want)
	entries, isForeign, err := s.head.decode(base, want)
	if err != nil {
		return nil, err
	}
	if isForeign {
		foreign.Inc()
		s.foreign = true
		return s, nil
	}
	if err := s.put(entries); err != nil {
		return nil, err
	}
	sorted := slices.Clone(deltas)
	slices.SortFunc(sorted, func(a, b []byte) int { return cmp.Compare(writesOf(a), writesOf(b)) })
	for _, d := range sorted {
		before := s.head.writes
		entries, isForeign, err := s.head.decode(d, want)
		switch {
		case err != nil:
			return nil, err
		case isForeign, s.head.writes != before+1:
			return nil, fmt.Errorf("%w: a shard's delta does not follow on write %d", argos.ErrEncoding, before)
		}
		if err := s.put(entries); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// put takes in the entries of a base or delta, which are copied.
func (s *Shard) put(entries []byte) error {
	for len(entries) > 0 {
		id, e, rest, err := nextEntry(entries)
		if err != nil {
			return err
		}
		entries = rest
		i, known := s.index[string(id)]
		if !known {
			i = s.add(string(id))
		}
		s.set(i, e)
	}
	return nil
}

// add makes room for a truck that the shard lacks.
func (s *Shard) add(id string) int32 {
	id = strings.Clone(id) // it may be a piece of something large
	i := int32(len(s.trucks))
	s.trucks = append(s.trucks, entry{id: id})
	s.index[id] = i
	s.size += s.trucks[i].size()
	return i
}

// set replaces what is known of a truck; the track is copied.
func (s *Shard) set(i int32, e entry) {
	t := &s.trucks[i]
	s.size += len(e.track) - len(t.track)
	t.recv, t.partition, t.next, t.pace = e.recv, e.partition, e.next, e.pace
	t.track = append(t.track[:0], e.track...)
}

// mostKept bounds the tracks of a shard that stay unpacked. A packed one has to be filtered again from its anchor on
// for each part: 3 us, as much as four more records. An unpacked one takes unpackedSize bytes.
const (
	mostKept     = 20_000
	unpackedSize = int(unsafe.Sizeof(track.Track{}))
)

// room is where a truck's track stays unpacked from now on; nil when the shard keeps as many as it may.
func (s *Shard) room(i int32) *track.Track {
	if s.kept == mostKept || s.tight {
		return nil
	}
	s.kept++
	s.trucks[i].unpacked = new(track.Track)
	return s.trucks[i].unpacked
}

// remove drops those trucks that out names; the others keep their order.
func (s *Shard) remove(out func(*entry) bool) {
	kept := s.trucks[:0]
	for _, t := range s.trucks {
		if out(&t) {
			delete(s.index, t.id)
			s.size -= t.size()
			if t.unpacked != nil {
				s.kept--
			}
			continue
		}
		s.index[t.id] = int32(len(kept))
		kept = append(kept, t)
	}
	clear(s.trucks[len(kept):])
	s.trucks = kept
}

// Writes is how many parts the shard has folded.
func (s *Shard) Writes() uint64 { return s.head.writes }

// Base appends the whole shard to b.
func (s *Shard) Base(b []byte) []byte {
	b = slices.Grow(b, s.size+256)
	b = s.head.append(b)
	for i := range s.trucks {
		b = s.trucks[i].append(b)
	}
	return b
}

// Delta appends what the last part has changed to b.
func (s *Shard) Delta(b []byte) []byte {
	b = s.head.append(b)
	for _, i := range s.moved {
		b = s.trucks[i].append(b)
	}
	return b
}

// writesOf is the write counter in a base or delta; 0 in what is too short to be one.
func writesOf(b []byte) uint64 {
	if len(b) < blobFixed {
		return 0
	}
	return le.Uint64(b[18:])
}

// memory is about how many bytes the shard takes.
func (s *Shard) memory() int { return s.size + entryOverhead*len(s.trucks) + unpackedSize*s.kept }
