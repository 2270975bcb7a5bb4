package kafkaio

import (
	"fmt"

	"argos"
)

// markTracker tracks a partition's low-water mark. A poll is stored when all its parts are; the mark is where the
// stored polls that join without a hole end. Parts may come in any order and more than once, and polls may be cut
// anew by a runner that goes back to a checkpoint.
type markTracker struct {
	mark  int64
	polls map[span]*arrivals
}

type span struct{ from, to int64 }

// arrivals are the parts of a poll that have come.
type arrivals struct {
	seen    []bool
	missing int
}

// add takes a stored part in and says whether the mark has moved.
func (w *markTracker) add(p argos.Part) (moved bool, err error) {
	if p.Of < 1 || p.Index < 0 || p.Index >= p.Of || p.From >= p.To {
		return false, fmt.Errorf("%w: part %d of %d of the poll [%d, %d)", argos.ErrEncoding, p.Index, p.Of, p.From, p.To)
	}
	if p.To <= w.mark { // a replay of what is stored
		return false, nil
	}
	if w.polls == nil {
		w.polls = map[span]*arrivals{}
	}
	poll := w.polls[span{p.From, p.To}]
	if poll == nil {
		poll = &arrivals{seen: make([]bool, p.Of), missing: int(p.Of)}
		w.polls[span{p.From, p.To}] = poll
	}
	if len(poll.seen) != int(p.Of) {
		return false, fmt.Errorf("%w: the poll [%d, %d) has %d parts and %d", argos.ErrEncoding, p.From, p.To, len(poll.seen), p.Of)
	}
	if poll.seen[p.Index] {
		return false, nil
	}
	poll.seen[p.Index] = true
	if poll.missing--; poll.missing > 0 || p.From > w.mark {
		return false, nil
	}
	w.advance()
	return true, nil
}

// advance moves the mark over every stored poll that it reaches, and forgets the polls below. There are few: the credit
// bounds them.
func (w *markTracker) advance() {
	for moved := true; moved; {
		moved = false
		for s, poll := range w.polls {
			if poll.missing == 0 && s.from <= w.mark && s.to > w.mark {
				w.mark, moved = s.to, true
			}
		}
	}
	for s := range w.polls {
		if s.to <= w.mark {
			delete(w.polls, s)
		}
	}
}

// partition is what the job knows of a partition: what was handed out, in order, and what of it is stored.
type partition struct {
	owned   bool  // polls of it may be handed out
	term    int32 // how often it came to be owned: see argos.Part
	start   int64 // where the source goes on in this term
	tracker markTracker
	time    int64 // ms, Kafka's of the record just below the mark; 0: unknown
	sent    []sent
	records int // handed out above the mark
	bytes   int
}

// sent is a poll that the pipeline has and that is not known to be stored.
type sent struct {
	from, to       int64
	time           int64 // ms, Kafka's of the record just below to; 0: unknown
	records, bytes int
}

func (p *partition) handedOut(s sent) {
	for n := len(p.sent); n > 0 && p.sent[n-1].to > s.from; n-- { // handed out before, and again after a restart
		p.drop(n-1, n)
	}
	if s.to <= p.tracker.mark { // stored before
		return
	}
	p.sent = append(p.sent, s)
	p.records += s.records
	p.bytes += s.bytes
}

func (p *partition) acknowledge(part argos.Part) (moved bool, err error) {
	if moved, err = p.tracker.add(part); !moved {
		return false, err
	}
	n := 0
	p.time = 0
	for n < len(p.sent) && p.sent[n].to <= p.tracker.mark {
		if p.sent[n].to == p.tracker.mark {
			p.time = p.sent[n].time
		}
		n++
	}
	p.drop(0, n)
	if p.owned {
		markOffset.WithLabelValues(label(int(part.Partition))).Set(float64(p.tracker.mark))
	}
	return true, nil
}

func (p *partition) drop(from, to int) {
	for _, s := range p.sent[from:to] {
		p.records -= s.records
		p.bytes -= s.bytes
	}
	p.sent = append(p.sent[:from], p.sent[to:]...)
}
