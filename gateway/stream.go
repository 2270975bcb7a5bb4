package gateway

import (
	"context"
	"sync"
)

// stream is what one sender sends, in its order: it numbers the fixes, hands them to the partitions as fast as Kafka
// confirms them, and knows up to which all are done.
type stream struct {
	g        *Gateway
	peer     string // host:port of the sender, as it looks from here
	recorded bool   // its times have nothing to do with now
	replies  replies
	gone     <-chan struct{} // closed when the sender waits no more; nil for one that is brought to the log whatever happens

	mu      sync.Mutex
	changed sync.Cond // of everything below
	win     window
	killed  bool               // the gateway ends with fixes unconfirmed, or the sender has given up
	hurried bool               // it waits for memory no more
	giveUp  context.CancelFunc // ends its wait for memory; nil while there is none
}

// replies is how a sender hears of its fixes. All are called with the stream's lock held.
type replies interface {
	// ready waits until a refusal can be kept for the sender, if it is one who listens.
	ready()
	// nacked says that fix n, counted from 0, is refused. It doesn't wait.
	nacked(n uint64, why string)
	// moved says that more fixes are done. It doesn't wait.
	moved()
}

func newStream(g *Gateway, peer string, recorded bool) *stream {
	s := &stream{g: g, peer: peer, recorded: recorded}
	s.changed.L = &s.mu
	return s
}

// commit takes in the judged fixes of a frame. It waits while the stream's window is full or a partition's share of the
// memory is used up; false means that the stream was killed before all were taken. A sender on a socket that has gone
// meanwhile changes nothing: what was read is brought to the log.
func (s *stream) commit(f *frame) bool {
	for rest := f.entries; len(rest) > 0; {
		run := leadingRun(rest)
		first, n := s.take(run)
		if n == 0 {
			return false
		}
		taken := rest[:n]
		rest = rest[n:]
		if to := taken[0].partition; to != refused {
			added := s.g.log.parts[to].add(s, first, f, taken)
			s.g.m.pending.Add(int64(added))
			if added < n {
				return false
			}
			continue
		}
		for i := range taken {
			s.refuse(first+uint64(i), taken[i].why)
		}
	}
	return true
}

// leadingRun are the first entries, which all go to the same place.
func leadingRun(entries []entry) []entry {
	for i := range entries {
		if entries[i].partition != entries[0].partition {
			return entries[:i]
		}
	}
	return entries
}

// take numbers entries, at least one; none means that the stream was killed.
func (s *stream) take(entries []entry) (first uint64, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.killed {
			return 0, 0
		}
		if first, n = s.win.take(len(entries), func(i int) int { return entries[i].size() }); n > 0 {
			return first, n
		}
		s.changed.Wait()
	}
}

// finish says that the log has n fixes.
func (s *stream) finish(first uint64, n, bytes int) {
	s.mu.Lock()
	s.done(first, n, bytes)
	s.mu.Unlock()
}

// fail says that the log will never have a fix that was taken.
func (s *stream) fail(n uint64, bytes int, why error) {
	s.mu.Lock()
	s.replies.nacked(n, why.Error())
	s.done(n, 1, bytes)
	s.mu.Unlock()
}

// refuse says that a fix was not taken.
func (s *stream) refuse(n uint64, why string) {
	s.mu.Lock()
	s.replies.ready()
	s.replies.nacked(n, why)
	s.done(n, 1, 0)
	s.mu.Unlock()
}

func (s *stream) done(first uint64, n, bytes int) {
	s.win.finish(first, n, bytes)
	s.replies.moved()
	s.changed.Broadcast()
}

// kill ends all waiting: what is not done will never be.
func (s *stream) kill() {
	s.mu.Lock()
	s.killed = true
	s.hurry()
	s.mu.Unlock()
	s.changed.Broadcast()
}
