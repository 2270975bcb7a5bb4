package gateway

import (
	"fmt"
	"sync"
	"time"
	"unsafe"

	"argos"
	"argos/wire"
)

// frame is the fixes that came together, each judged and, if it is good, encoded as its record: all that is left of
// them while they wait for room. Parser and text are given back before.
type frame struct {
	recv    int64 // ms
	buf     []byte
	entries []entry
	rec     argos.Record
}

// refused is the partition of a fix that goes to none.
const refused = -1

// entry is one fix: the record buf[at:end], key up to split; or why it is refused.
type entry struct {
	partition      int
	at, split, end int
	why            string
}

func (e *entry) size() int { return e.end - e.at }

func (f *frame) record(e *entry) (key, value []byte) {
	return f.buf[e.at:e.split], f.buf[e.split:e.end]
}

var frames = sync.Pool{New: func() any { return new(frame) }}

// parsers are shared by all connections: one that has read a frame of 1 MiB holds several, and most connections rest.
var parsers = sync.Pool{New: func() any { return new(wire.Parser) }}

func newFrame() *frame {
	f := frames.Get().(*frame)
	f.recv, f.buf, f.entries = time.Now().UnixMilli(), f.buf[:0], f.entries[:0]
	return f
}

// free gives the frame's memory back; nobody may use the frame any more. What a large one used is not kept for the small, which
// have no share of the hand's memory.
func (f *frame) free() {
	f.reset()
	if cap(f.buf) <= 4*firstPiece {
		frames.Put(f)
	}
}

// reset makes place for other fixes that came at the same time.
func (f *frame) reset() {
	clear(f.entries)
	f.buf, f.entries = f.buf[:0], f.entries[:0]
}

// cost is what the frame holds, in bytes.
func (f *frame) cost() int64 {
	n := cap(f.buf) + cap(f.entries)*int(unsafe.Sizeof(entry{}))
	for i := range f.entries {
		n += len(f.entries[i].why)
	}
	return int64(n)
}

// judge reads a frame's text and appends its fixes.
func (s *stream) judge(f *frame, text []byte) {
	p := parsers.Get().(*wire.Parser)
	defer parsers.Put(p)
	err := p.Frame(text, func(fix *argos.Fix, err error) {
		reason := badField
		if err == nil && !s.recorded {
			reason, err = badClock, fix.CheckClock(f.recv, s.g.maxFuture)
		}
		if err == nil {
			f.accept(fix, s.recorded, len(s.g.log.parts))
			return
		}
		f.refuse(err)
		s.g.m.refused[reason].Inc()
		s.g.letters.write(s.peer, fix.TruckID, f.recv, err, p.AppendElement)
	})
	if err != nil {
		s.reject(f, notJSON, err, text)
	}
}

// reject refuses a text of which nothing could be read, as one fix.
func (s *stream) reject(f *frame, reason string, err error, text []byte) {
	f.refuse(err)
	s.g.m.refused[reason].Inc()
	s.g.letters.write(s.peer, "", f.recv, err, func(dst []byte) []byte { return append(dst, text...) })
}

func (f *frame) accept(fix *argos.Fix, recorded bool, partitions int) {
	e := entry{partition: argos.PartitionOf(fix.TruckID, partitions), at: len(f.buf)}
	f.rec = argos.Record{Fix: *fix, Recv: f.recv, Recorded: recorded}
	f.buf = append(f.buf, fix.TruckID...)
	e.split = len(f.buf)
	f.buf = wire.AppendRecord(f.buf, &f.rec)
	e.end = len(f.buf)
	f.entries = append(f.entries, e)
}

func (f *frame) refuse(err error) {
	f.entries = append(f.entries, entry{partition: refused, why: err.Error()})
}

// errBinary refuses what is not even text.
var errBinary = fmt.Errorf("%w: the frame is binary; send JSON in text frames", argos.ErrBadFix)
