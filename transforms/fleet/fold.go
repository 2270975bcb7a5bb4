package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"argos"
	"argos/transforms/decode"
	"argos/transforms/track"
)

// ErrOrder says that a shard was given a part of the log below what it has seen: the runner has lost the order or
// replayed into state that it kept. The job must fail: a guess could lose fixes.
var ErrOrder = errors.New("the log went backwards")

// idleAfter is how long a truck may be silent before it leaves the shard; the store still has it.
const idleAfter = time.Hour

// Fold takes a part of the log into a shard and returns the documents of the trucks that the part moved. It is plain Go
// and a pure function of the shard, the part and the store. A Fold reuses its memory: one goroutine at a time.
type Fold struct {
	Stamp

	// Unconfirmed is how many records of a partition may have been folded and not yet stored. A truck leaves the shard
	// only when its last record lies further back than that, for what is not in the shard is looked up in the store: a
	// truck that was idle for an hour of the log can be a millisecond old when a backlog is read.
	Unconfirmed int64

	// Stored, if given, knows more of that: an offset below which all of a partition's records are stored.
	Stored func(partition int32) int64

	// Lookup returns the documents of those trucks that the store has.
	Lookup func(ctx context.Context, ids []string) ([]argos.Truck, error)

	in     decode.Reader
	slots  []slot
	ask    []string
	of     []int // the slots of ask
	docs   argos.Documents
	rec    argos.Record
	packed []byte
	latest int64 // ms: the part's newest recv
}

// slot is a truck that the part names.
type slot struct {
	id     string
	track  *track.Track // the shard's own, if it keeps it unpacked, else spare
	spare  track.Track
	at     int32 // in the shard; -1: it lacks the truck
	before int64 // ms: recv of the track before this part; 0: it had no record
	folded bool  // by this part
	attrs  []byte
}

// Part folds one part into the shard. What it returns is valid until the next call and as long as payload is not
// changed. After an error the shard may be neither what it was nor what it should become: it must not be used again.
func (f *Fold) Part(ctx context.Context, s *Shard, payload []byte) (*argos.Documents, error) {
	if err := f.in.Decode(payload); err != nil {
		return nil, err
	}
	if p := f.in.Part; p.Epoch != f.Epoch {
		return nil, fmt.Errorf("%w: a part of epoch %d in a job of epoch %d", argos.ErrEncoding, p.Epoch, f.Epoch)
	} else if p.Term != f.Term {
		return nil, fmt.Errorf("%w: a part of term %d for a shard of term %d", argos.ErrEncoding, p.Term, f.Term)
	} else if !s.head.advance(p) {
		return nil, fmt.Errorf("%w: records %d to %d of partition %d came after later ones", ErrOrder, p.From, p.To, p.Partition)
	}
	s.head.writes++
	if err := f.load(s); err != nil {
		return nil, err
	}
	if err := f.seed(ctx); err != nil {
		return nil, err
	}
	if err := f.records(); err != nil {
		return nil, err
	}
	f.keep(s)
	return &f.docs, nil
}

// load opens a slot for each truck of the part, with its track if the shard has it.
func (f *Fold) load(s *Shard) error {
	if n := len(f.in.IDs); n > cap(f.slots) {
		f.slots = append(f.slots[:cap(f.slots)], make([]slot, n-cap(f.slots))...)
	}
	f.slots = f.slots[:len(f.in.IDs)]
	f.ask, f.of = f.ask[:0], f.of[:0]
	for i, id := range f.in.IDs {
		o := &f.slots[i]
		o.id, o.folded, o.attrs = id, false, nil
		at, has := s.index[id]
		if !has {
			o.before = 0
			o.at, o.spare, o.track = -1, track.Track{}, &o.spare
			f.ask, f.of = append(f.ask, id), append(f.of, i)
			continue
		}
		o.at, o.before = at, s.trucks[at].recv
		if o.track = s.trucks[at].unpacked; o.track != nil {
			continue
		}
		if o.track = s.room(at); o.track == nil {
			o.track = &o.spare
		}
		if err := o.track.Decode(s.trucks[at].track); err != nil {
			return fmt.Errorf("track of truck %s in the shard's state: %w", id, err)
		}
	}
	return nil
}

// seed looks up the trucks that the shard lacks, before any of them is called new.
func (f *Fold) seed(ctx context.Context) error {
	if len(f.ask) == 0 {
		return nil
	}
	stored, err := f.Lookup(ctx, f.ask)
	if err != nil {
		return err
	}
	found := make(map[string]int, len(stored))
	for i := range stored {
		found[stored[i].ID] = i
	}
	for k, id := range f.ask {
		i, ok := found[id]
		if !ok {
			continue
		}
		o := &f.slots[f.of[k]]
		if err := o.track.Decode(stored[i].Track); err != nil {
			return fmt.Errorf("track of truck %s in the store: %w", id, err)
		}
		o.before = o.track.Recv()
	}
	return nil
}

// records folds the part's records, in log order.
func (f *Fold) records() error {
	f.docs.Part, f.docs.Recvs, f.latest = f.in.Part, f.docs.Recvs[:0], 0
	pos := argos.Pos{Epoch: f.in.Epoch, Partition: f.in.Partition}
	for {
		i, offset, more, err := f.in.Next(&f.rec)
		if err != nil || !more {
			return err
		}
		f.latest = max(f.latest, f.rec.Recv)
		pos.Next = offset + 1
		s := &f.slots[i]
		if !s.track.Fold(&f.rec, pos) {
			skipped.Inc()
			continue
		}
		s.folded = true
		if f.rec.Attrs != nil {
			s.attrs = f.rec.Attrs
		}
		f.docs.Recvs = append(f.docs.Recvs, f.rec.Recv)
	}
}

// keep puts what the part has changed into the shard, and makes the documents of the trucks that it moved.
func (f *Fold) keep(s *Shard) {
	f.docs.Trucks, s.moved = f.docs.Trucks[:0], s.moved[:0]
	for i := range f.slots {
		o := &f.slots[i]
		if o.at >= 0 && !o.folded {
			continue
		}
		if o.at < 0 {
			o.at = s.add(o.id)
			if t := s.room(o.at); t != nil {
				*t = o.spare
			}
		}
		pos := o.track.Pos()
		e := entry{
			recv:      o.track.Recv(),
			partition: pos.Partition,
			next:      pos.Next,
			pace:      paceOf(o.before, o.track.Recv()),
		}
		if o.folded {
			e.track = f.document(o).Track
		} else {
			f.packed = o.track.Append(f.packed[:0])
			e.track = f.packed
		}
		s.set(o.at, e)
		s.moved = append(s.moved, o.at)
	}
}

// document adds the document of a truck.
func (f *Fold) document(o *slot) *argos.Truck {
	n := len(f.docs.Trucks)
	if n < cap(f.docs.Trucks) {
		f.docs.Trucks = f.docs.Trucks[:n+1] // its Track's memory serves again
	} else {
		f.docs.Trucks = append(f.docs.Trucks, argos.Truck{})
	}
	t := &f.docs.Trucks[n]
	o.track.Fill(t)
	t.ID, t.Attrs = o.id, o.attrs
	return t
}

// Evict drops the trucks that are idle, as of the last part, from the shard. A delta cannot say so: only a base may
// follow.
func (f *Fold) Evict(s *Shard) {
	stored := f.storedTo()
	s.remove(func(e *entry) bool {
		if !f.idle(e, stored) {
			return false
		}
		idled.Inc()
		return true
	})
}

func (f *Fold) idle(e *entry, stored int64) bool {
	return f.latest-e.recv > idleAfter.Milliseconds() &&
		e.partition == f.in.Partition && e.next <= stored
}
