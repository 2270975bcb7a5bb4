package gateway

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

const (
	// firstPiece is what is read of a frame or body before there must be memory for it, in bytes: most are smaller, and cost
	// what a connection costs.
	firstPiece = 4 << 10

	// handCost is what a byte of text may cost at most while it is read and judged: the text, the records and entries made of
	// it or the line of each fix, and what growing a slice leaves behind.
	handCost = 4

	// defaultHand is the memory of all frames and bodies in hand, in bytes.
	defaultHand = 128 << 20
)

// hand is the memory of the frames and bodies that were read and are not yet with the partitions. Who lacks it is not read on.
//
// Nobody who holds some waits for more of it: it is asked for once, for the worst, and given back as soon as less will do. So
// all who hold some come to their end when Kafka takes records.
type hand struct {
	free *semaphore.Weighted
	size int64
	held atomic.Int64
}

func newHand(size int64) *hand { return &hand{free: semaphore.NewWeighted(size), size: size} }

// share is a part of the hand's memory. The zero share holds nothing, and is what a small frame has.
type share struct {
	of    *hand
	bytes int64
}

// shrink gives back all but the given bytes; a share never grows.
func (s *share) shrink(to int64) {
	if back := s.bytes - to; back > 0 {
		s.bytes = to
		s.of.held.Add(-back)
		s.of.free.Release(back)
	}
}

// grasp waits for the memory that a text of so many bytes may cost. It fails when ctx ends, or the stream hurries.
func (s *stream) grasp(ctx context.Context, text int64) (share, error) {
	h := s.g.hand
	got := share{h, min(handCost*text, h.size)}
	if !h.free.TryAcquire(got.bytes) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s.mu.Lock()
		s.giveUp = cancel
		if s.hurried {
			cancel()
		}
		s.mu.Unlock()
		err := h.free.Acquire(ctx, got.bytes)
		s.mu.Lock()
		s.giveUp = nil
		s.mu.Unlock()
		if err != nil {
			return share{}, err
		}
	}
	h.held.Add(got.bytes)
	return got, nil
}

// hurry ends the wait for memory, now and from now on. The lock is held.
func (s *stream) hurry() {
	s.hurried = true
	if s.giveUp != nil {
		s.giveUp()
	}
}
