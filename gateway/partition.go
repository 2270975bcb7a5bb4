package gateway

import (
	"sync"
	"time"
)

// linger is how long a batch waits for company, from its first record on.
const linger = 10 * time.Millisecond

// partition is the way into one Kafka partition: a batch that is being filled, those that wait, and one that is under
// way. What it holds is bounded by its share of the memory; beyond, add waits, and with it the connection that feeds it.
type partition struct {
	index int
	share int64
	wake  chan struct{} // something to look at: a first record, a full batch, the end
	room  chan struct{} // one of those who wait may look for room again
	end   chan struct{} // closed when it is dead

	mu       sync.Mutex
	open     *batch
	opened   time.Time // when open got its first record
	closed   []*batch
	spare    *batch
	held     int64 // cost of all records here, the batch under way included
	draining bool  // no more records come: what is here goes at once
	dead     bool  // what is here will never be confirmed

	id identity // of the writing goroutine alone
}

func newPartition(index int, share int64) *partition {
	p := &partition{
		index: index, share: share, open: &batch{},
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1), end: make(chan struct{}),
	}
	p.id.pid = -1
	return p
}

// add takes the records of entries, which have the numbers from first on, and waits while the share is used up. It returns
// how many it took: fewer than all only when the partition is dead or the stream waits no more.
func (p *partition) add(from *stream, first uint64, f *frame, entries []entry) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range entries {
		key, value := f.record(&entries[i])
		if !p.await(costOf(len(key)+len(value)), from.gone) {
			return i
		}
		p.put(f.recv, key, value, from, first+uint64(i))
	}
	if p.hasRoom(0) {
		poke(p.room) // each who gets in lets the next one in
	}
	return len(entries)
}

// await waits until there is room; false when there will be none, or gone was closed before. The lock is held, but not while
// it waits.
func (p *partition) await(cost int64, gone <-chan struct{}) bool {
	for !p.hasRoom(cost) && !p.dead {
		p.mu.Unlock()
		left := false
		select {
		case <-p.room:
		case <-p.end:
		case <-gone:
			left = true
		}
		p.mu.Lock()
		if left {
			return false
		}
	}
	return !p.dead
}

// offer takes one record that belongs to nobody, if there is room for it.
func (p *partition) offer(ms int64, key, value []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining || p.dead || !p.hasRoom(costOf(len(key)+len(value))) {
		return false
	}
	p.put(ms, key, value, nil, 0)
	return true
}

// hasRoom: whoever comes first gets in, so that a record is never too large for the share.
func (p *partition) hasRoom(cost int64) bool { return p.held == 0 || p.held+cost <= p.share }

func (p *partition) put(ms int64, key, value []byte, from *stream, number uint64) {
	if !p.open.fits(len(key) + len(value)) {
		p.shut()
	}
	if p.open.n == 0 {
		p.opened = time.Now()
		poke(p.wake)
	}
	cost := p.open.cost
	p.open.add(ms, key, value, from, number)
	p.held += p.open.cost - cost
	if p.open.full() {
		p.shut()
	}
}

// shut ends the open batch and begins the next one.
func (p *partition) shut() {
	p.closed = append(p.closed, p.open)
	p.open, p.spare = p.spare, nil
	if p.open == nil {
		p.open = &batch{}
	}
	poke(p.wake)
}

// poke leaves a token for whoever looks next, unless there is one.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next waits for a batch that is due. Nil means that the partition has drained, or is dead.
func (p *partition) next(t *time.Timer) *batch {
	for {
		b, wait, end := p.due()
		if b != nil || end {
			return b
		}
		if wait < 0 {
			<-p.wake
			continue
		}
		t.Reset(wait)
		select {
		case <-p.wake:
		case <-t.C:
		}
	}
}

// due is the batch whose turn it is, or else how long to wait for it (for ever: -1).
func (p *partition) due() (b *batch, wait time.Duration, end bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil, 0, true
	}
	if len(p.closed) == 0 && p.open.n > 0 {
		if wait = linger - time.Since(p.opened); wait > 0 && !p.draining {
			return nil, wait, false
		}
		p.shut()
	}
	if len(p.closed) == 0 {
		return nil, -1, p.draining
	}
	b = p.closed[0]
	p.closed = append(p.closed[:0], p.closed[1:]...)
	return b, 0, false
}

// release gives back the memory of a batch whose records are done.
func (p *partition) release(b *batch) {
	p.mu.Lock()
	p.held -= b.cost
	if p.spare == nil && !b.uncertain {
		b.reset()
		p.spare = b
	}
	p.mu.Unlock()
	poke(p.room)
}

// drain lets run end when everything is written; nothing may be added any more.
func (p *partition) drain() {
	p.mu.Lock()
	p.draining = true
	p.mu.Unlock()
	poke(p.wake)
}

// kill lets run end now.
func (p *partition) kill() {
	p.mu.Lock()
	if !p.dead {
		p.dead = true
		close(p.end)
	}
	p.mu.Unlock()
	poke(p.wake)
}
