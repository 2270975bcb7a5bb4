package sender

import (
	"context"
	"fmt"
	"sync"

	"argos"
	"argos/ledger"
	"argos/wire"
)

// A frame carries what has queued, up to so many fixes and about so many bytes.
const (
	frameFixes = 500
	frameBytes = 256 << 10
)

// link is one connection's fixes, oldest first: queue[:sent] travel on the present socket, the rest wait. A socket counts
// its fixes from 1; the first answered ones of them have left the queue.
type link struct {
	s    *Sender
	room chan struct{} // one token a fix in the queue, so that Send can wait for room and for its context
	wake chan struct{} // there may be something to write

	mu       sync.Mutex
	queue    []open
	sent     int
	answered int64
	closed   bool
	down     bool // told to the outage: its last socket was lost, and none has worked since
}

// open is a fix without an acknowledgement. A refused one stays in its place, for acknowledgements count it, and leaves
// with the socket: it is not sent again.
type open struct {
	fix     argos.Fix
	refused bool
}

// push takes over the caller's token of room.
func (l *link) push(f argos.Fix) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		<-l.room
		return ErrClosed
	}
	l.queue = append(l.queue, open{fix: f})
	l.s.sent.Add(1)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// lost says that the link has no socket, and why.
func (l *link) lost(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.down {
		l.down = true
		l.s.outage.begin(err, l.s.open())
	}
}

// connected says that the link has a socket. One with nothing to send cannot show that it works.
func (l *link) connected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.up()
	}
}

// up says that the link's socket works. The lock is held.
func (l *link) up() {
	if l.down {
		l.down = false
		l.s.outage.end()
	}
}

// close refuses further fixes.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// drained waits until the queue is empty, by taking all of its room; false when a context ended before.
func (l *link) drained(ctx, life context.Context) bool {
	for range MaxUnacked {
		select {
		case l.room <- struct{}{}:
		case <-ctx.Done():
			return false
		case <-life.Done():
			return false
		}
	}
	return true
}

// abandon writes what is still open down as unknown and says how much that was. The link's goroutine has ended.
func (l *link) abandon() (unknown int) {
	for i := range l.queue {
		if !l.queue[i].refused {
			l.s.resolve(&l.queue[i].fix, ledger.Unknown, "")
			unknown++
		}
	}
	l.queue = nil
	return unknown
}

// rewind makes all that is open wait for a new socket.
func (l *link) rewind() {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.queue[:0]
	for _, o := range l.queue {
		if o.refused {
			<-l.room
			continue
		}
		kept = append(kept, o)
	}
	clear(l.queue[len(kept):])
	l.queue, l.sent, l.answered = kept, 0, 0
}

// waiting is how many fixes the next frames will carry.
func (l *link) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) - l.sent
}

// frame appends the next frame to dst, and nothing when no fix waits.
func (l *link) frame(dst []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := 0; n < frameFixes && len(dst) < frameBytes && l.sent < len(l.queue); n++ {
		if n == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = wire.AppendFix(dst, &l.queue[l.sent].fix)
		l.sent++
	}
	if len(dst) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// ack resolves everything up to the socket's fix number n.
func (l *link) ack(n int64) error {
	l.mu.Lock()
	k := n - l.answered
	if k < 0 || k > int64(l.sent) {
		l.mu.Unlock()
		return fmt.Errorf("gateway acknowledged fix %d of a connection that has fixes %d to %d open", n, l.answered+1, l.answered+int64(l.sent))
	}
	for i := range l.queue[:k] {
		if o := &l.queue[i]; !o.refused {
			l.s.resolve(&o.fix, ledger.Acked, "")
		}
		<-l.room
	}
	clear(l.queue[:k])
	l.queue, l.sent, l.answered = l.queue[k:], l.sent-int(k), n
	l.up()
	l.mu.Unlock()
	_ = l.s.flush() // Send and Close return it
	return nil
}

// nack resolves the socket's fix number n as refused. The acknowledgement that counts it is still to come.
func (l *link) nack(n int64, why string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := n - l.answered - 1
	if i < 0 || i >= int64(l.sent) || l.queue[i].refused {
		return fmt.Errorf("gateway refused fix %d of a connection that has fixes %d to %d open", n, l.answered+1, l.answered+int64(l.sent))
	}
	l.queue[i].refused = true
	l.s.resolve(&l.queue[i].fix, ledger.Refused, why)
	return nil
}
