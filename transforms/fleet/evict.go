package fleet

import "math/bits"

// When the tracks of a process outgrow their bound, trucks leave the shards' memory one by one; the store has them, and
// they are looked up when they report again. Memory that is twice too small so costs a lookup for every other record of
// trucks that take turns, and nothing for those that report often.

// entryOverhead is about what Go needs to hold and find a track, in bytes.
const entryOverhead = 160

// storedTo is an offset of the last part's partition below which every record folded is known to be stored.
func (f *Fold) storedTo() int64 {
	to := f.in.From - f.Unconfirmed
	if f.Stored != nil {
		to = max(to, f.Stored(f.in.Partition))
	}
	return to
}

// Shrink brings a shard down to size bytes, as far as that can be: first the unpacked form of the tracks goes, then
// trucks whose last record is stored. Those that are expected back last go first: by the time between the last two
// records, or since the last one if that is longer, in powers of two. Of those alike the ones that came last go, so
// that of many trucks that take turns some stay for good, instead of each leaving just before its turn.
func (f *Fold) Shrink(s *Shard, size int) {
	s.pack()
	excess := s.memory() - size
	if excess <= 0 {
		return
	}
	stored := f.storedTo()
	var by [66]int // bytes of those that may go, by class
	for i := range s.trucks {
		by[f.class(&s.trucks[i], stored)] += s.trucks[i].memory()
	}
	last := len(by) - 1
	for ; last > 1 && by[last] < excess; last-- {
		excess -= by[last]
	}
	for i := len(s.trucks) - 1; i >= 0; i-- {
		e := &s.trucks[i]
		switch c := f.class(e, stored); {
		case c < last, c == last && excess <= 0:
			continue
		case c == last:
			excess -= e.memory()
		}
		s.removeAt(i)
		evicted.Inc()
	}
}

// stays is the class of a truck that may not go.
const stays = 0

func (f *Fold) class(e *entry, stored int64) int {
	if e.partition != f.in.Partition || e.next > stored {
		return stays
	}
	return 1 + max(int(e.pace), bits.Len64(uint64(max(f.latest-e.recv, 0))))
}

// paceOf is the class of a truck by its last two records, received at the given times; of one record nothing is known.
func paceOf(before, now int64) uint8 {
	if before == 0 {
		return 0
	}
	return uint8(bits.Len64(uint64(max(now-before, 0))))
}

// memory is about how many bytes the truck takes while its track is packed.
func (e *entry) memory() int { return e.size() + entryOverhead }

// pack drops the unpacked form of all tracks, and the shard keeps none any more while memory is short.
func (s *Shard) pack() {
	s.tight = true
	if s.kept == 0 {
		return
	}
	for i := range s.trucks {
		s.trucks[i].unpacked = nil
	}
	s.kept = 0
}

// removeAt drops one truck; the last takes its place.
func (s *Shard) removeAt(i int) {
	e, end := &s.trucks[i], len(s.trucks)-1
	delete(s.index, e.id)
	s.size -= e.size()
	if e.unpacked != nil {
		s.kept--
	}
	if i != end {
		*e = s.trucks[end]
		s.index[e.id] = int32(i)
	}
	s.trucks[end] = entry{}
	s.trucks = s.trucks[:end]
}
