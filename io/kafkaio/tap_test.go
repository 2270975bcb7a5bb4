package kafkaio_test

import (
	"fmt"
	"sync"
	"sync/atomic"

	"argos"
)

// taps are where tapFn leaves what it sees, by job.
var taps sync.Map // string -> *tap

// tap records what the source gave and acknowledges it, as far as it is let.
type tap struct {
	mu      sync.Mutex
	next    []int64                  // by partition
	jumps   int64                    // offsets that no record had
	terms   map[int32]map[int32]bool // by partition
	wrong   string
	hold    bool
	records atomic.Int64
}

func (tp *tap) see(p argos.Part, rest []byte) (hold bool) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	complain := func(format string, args ...any) {
		if tp.wrong == "" {
			tp.wrong = fmt.Sprintf("partition %d: ", p.Partition) + fmt.Sprintf(format, args...)
		}
	}
	if p.From != tp.next[p.Partition] || p.To <= p.From || p.Index != 0 || p.Of != 0 || p.Epoch != 7 {
		complain("poll %+v after offset %d", p, tp.next[p.Partition])
	}
	if tp.terms[p.Partition] == nil {
		tp.terms[p.Partition] = map[int32]bool{}
	}
	tp.terms[p.Partition][p.Term] = true
	expect := p.From
	for len(rest) > 0 {
		var r argos.LogRecord
		var err error
		if r, rest, err = argos.DecodeLogRecord(rest); err != nil {
			complain("%v", err)
			return false
		}
		if r.Offset < expect || r.Offset >= p.To || string(r.Value) != value(int(p.Partition), r.Offset) ||
			r.Time != 1_700_000_000_000+r.Offset {
			complain("record %d %q at %d in poll %+v, want offset %d", r.Offset, r.Value, r.Time, p, expect)
		}
		tp.jumps += r.Offset - expect
		expect = r.Offset + 1
		tp.records.Add(1)
	}
	tp.jumps += p.To - expect
	tp.next[p.Partition] = p.To
	return tp.hold
}

type tapFn struct{ Job string }

func (f *tapFn) ProcessElement(partition int64, poll []byte, emit func(int64, []byte)) error {
	part, rest, err := argos.DecodePart(poll)
	if err != nil {
		return err
	}
	v, _ := taps.Load(f.Job)
	if v.(*tap).see(part, rest) {
		return nil
	}
	part.Of = 1
	emit(partition, part.Append(nil))
	return nil
}
