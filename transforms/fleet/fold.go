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

// ErrOrder says that a shard was given a part of the log below what it has seen: the runner has lost the order or replayed
// into state that it kept. The job must fail: a guess could lose fixes.
var ErrOrder = errors.New("the log went backwards")

// idleAfter is how long a truck may be silent before it leaves the blob; the store still has it.
const idleAfter = time.Hour

// Fold turns a shard's blob and a part of its log into the next blob and the documents of the trucks that the part moved.
// It is plain Go and a pure function of these two and the store. A Fold reuses its memory: one goroutine at a time.
type Fold struct {
	Stamp

	// Unconfirmed is how many records of a partition may have been folded and not yet stored. A truck leaves the blob only when
	// its last record lies further back than that, for what is not in the blob is looked up in the store: a truck that was
	// idle for an hour of the log can be a millisecond old when a backlog is read.
	Unconfirmed int64

	// Lookup returns the documents of those trucks that the store has.
	Lookup func(ctx context.Context, ids []string) ([]argos.Truck, error)

	in     decode.Reader
	head   header
	slots  []slot
	index  map[string]int
	rest   []entry // the blob's trucks that the part does not name
	ask    []string
	docs   argos.Documents
	out    []byte
	rec    argos.Record
	latest int64 // ms: the part's newest recv
}

// slot is a truck that the part names.
type slot struct {
	id     string
	track  track.Track
	loaded bool // from the blob
	folded bool // by this part
	attrs  []byte
}

// Part folds one part. What it returns is valid until the next call and as long as payload is not changed.
func (f *Fold) Part(ctx context.Context, blob, payload []byte) (next []byte, docs *argos.Documents, err error) {
	if err := f.in.Decode(payload); err != nil {
		return nil, nil, err
	}
	entries, isForeign, err := f.head.decode(blob, f.Stamp)
	if err != nil {
		return nil, nil, err
	}
	if isForeign {
		foreign.Inc()
	}
	if p := f.in.Part; p.Epoch != f.Epoch {
		return nil, nil, fmt.Errorf("%w: a part of epoch %d in a job of epoch %d", argos.ErrEncoding, p.Epoch, f.Epoch)
	} else if !f.head.advance(p) {
		return nil, nil, fmt.Errorf("%w: records %d to %d of partition %d came after later ones", ErrOrder, p.From, p.To, p.Partition)
	}
	f.head.writes++
	if err := f.load(entries); err != nil {
		return nil, nil, err
	}
	if err := f.seed(ctx); err != nil {
		return nil, nil, err
	}
	if err := f.records(); err != nil {
		return nil, nil, err
	}
	f.pack()
	f.fill()
	return f.out, &f.docs, nil
}

// Writes is the write counter of the blob that Part has returned.
func (f *Fold) Writes() uint64 { return f.head.writes }

// load opens a slot for each truck of the part and takes those tracks out of the blob that it has.
func (f *Fold) load(entries []byte) error {
	if f.index == nil {
		f.index = map[string]int{}
	}
	clear(f.index)
	if n := len(f.in.IDs); n > cap(f.slots) {
		f.slots = append(f.slots[:cap(f.slots)], make([]slot, n-cap(f.slots))...)
	}
	f.slots = f.slots[:len(f.in.IDs)]
	for i, id := range f.in.IDs {
		f.slots[i] = slot{id: id}
		f.index[id] = i
	}
	f.rest = f.rest[:0]
	for len(entries) > 0 {
		e, after, err := nextEntry(entries)
		if err != nil {
			return err
		}
		entries = after
		i, named := f.index[string(e.id)]
		if !named {
			f.rest = append(f.rest, e)
			continue
		}
		s := &f.slots[i]
		if err := s.track.Decode(e.track); err != nil {
			return fmt.Errorf("track of truck %s in the shard's state: %w", s.id, err)
		}
		s.loaded = true
	}
	return nil
}

// seed looks up the trucks that the blob lacks, before any of them is called new.
func (f *Fold) seed(ctx context.Context) error {
	f.ask = f.ask[:0]
	for i := range f.slots {
		if !f.slots[i].loaded {
			f.ask = append(f.ask, f.slots[i].id)
		}
	}
	if len(f.ask) == 0 {
		return nil
	}
	stored, err := f.Lookup(ctx, f.ask)
	if err != nil {
		return err
	}
	for i := range stored {
		k, asked := f.index[stored[i].ID]
		if !asked {
			continue
		}
		if err := f.slots[k].track.Decode(stored[i].Track); err != nil {
			return fmt.Errorf("track of truck %s in the store: %w", stored[i].ID, err)
		}
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

// pack writes the next blob: those who were silent, without the idle, then those whom the part named.
func (f *Fold) pack() {
	f.out = f.head.append(f.out[:0])
	for i := range f.rest {
		if f.idle(&f.rest[i]) {
			idled.Inc()
			continue
		}
		f.out = append(f.out, f.rest[i].whole...)
	}
	for i := range f.slots {
		s := &f.slots[i]
		f.out = appendEntry(f.out, s.id, s.track.Recv(), s.track.Pos(), s.track.Append)
	}
}

func (f *Fold) idle(e *entry) bool {
	return f.latest-e.recv > idleAfter.Milliseconds() &&
		e.partition == f.in.Partition && e.next <= f.in.From-f.Unconfirmed
}

// fill makes the documents of the trucks that the part moved.
func (f *Fold) fill() {
	f.docs.Trucks = f.docs.Trucks[:0]
	for i := range f.slots {
		s := &f.slots[i]
		if !s.folded {
			continue
		}
		n := len(f.docs.Trucks)
		if n < cap(f.docs.Trucks) {
			f.docs.Trucks = f.docs.Trucks[:n+1] // its Track's memory serves again
		} else {
			f.docs.Trucks = append(f.docs.Trucks, argos.Truck{})
		}
		t := &f.docs.Trucks[n]
		s.track.Fill(t)
		t.ID, t.Attrs = s.id, s.attrs
	}
}
