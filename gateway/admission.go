package gateway

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

var errFull = errors.New("the gateway has as many senders as it takes; try again later")

// guest is how a sender came in. All may be called at any time until it has left, and a moment after.
type guest interface {
	dismiss(why error) // finish what was read, and leave
	cut()              // leave now
	probe()            // see whether the peer is still there
}

// doors let senders in, know who is inside, and see all of them out.
type doors struct {
	max int
	m   *metrics

	mu     sync.Mutex
	inside map[*stream]guest
	closed error          // why nobody is let in
	wg     sync.WaitGroup // of those inside
}

func newDoors(max int, m *metrics) *doors {
	return &doors{max: max, m: m, inside: map[*stream]guest{}}
}

// enter lets a sender in; the caller must call leave.
func (d *doors) enter(s *stream, as guest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	switch {
	case d.closed != nil:
		err = d.closed
	case len(d.inside) >= d.max:
		err = errFull
	default:
		d.inside[s] = as
		d.wg.Add(1)
		d.m.connections.Inc()
		return nil
	}
	d.m.turnedAway.Inc()
	return err
}

func (d *doors) leave(s *stream) {
	d.mu.Lock()
	delete(d.inside, s)
	d.mu.Unlock()
	d.m.connections.Dec()
	d.wg.Done()
}

func (d *doors) guests() []guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.inside))
}

// shut lets nobody in, lets all inside finish what they were read, and returns when they have left: at the latest a moment
// after ctx has ended, for then they are cut off.
func (d *doors) shut(ctx context.Context, why error) {
	d.mu.Lock()
	if d.closed == nil {
		d.closed = why
	}
	d.mu.Unlock()
	defer context.AfterFunc(ctx, d.kill)()
	for _, s := range d.guests() {
		s.dismiss(why)
	}
	d.wg.Wait()
}

// why nobody is let in; nil while the doors are open.
func (d *doors) why() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// kill cuts off all inside.
func (d *doors) kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s, g := range d.inside {
		s.kill()
		g.cut()
	}
}

// probe looks for peers that are gone without a word.
func (d *doors) probe() {
	for _, s := range d.guests() {
		s.probe()
	}
}

// tap keeps the connection that is hijacked from the HTTP server: the server forgets it, and only closing it ends a
// WebSocket whose close handshake is under way.
type tap struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (t *tap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.conn = conn
	return conn, rw, conn.SetDeadline(time.Time{}) // the server's own deadlines end here
}
