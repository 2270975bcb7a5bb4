package gateway

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kfake"
)

// link is the network in front of a broker, which can break in ways that a broker's answers cannot.
type link struct {
	mu     sync.Mutex
	thawed sync.Cond
	frozen bool

	loseEvery atomic.Int64 // the n-th answer of each n is lost with its connection, after the broker acted
	answers   atomic.Int64
}

func newLink() *link {
	l := &link{}
	l.thawed.L = &l.mu
	return l
}

func (l *link) opt() kfake.Opt {
	return kfake.ListenFn(func(network, address string) (net.Listener, error) {
		ln, err := net.Listen(network, address)
		return &linkListener{ln, l}, err
	})
}

// freeze hangs every request until thaw, as a stopped process does.
func (l *link) freeze() {
	l.mu.Lock()
	l.frozen = true
	l.mu.Unlock()
}

func (l *link) thaw() {
	l.mu.Lock()
	l.frozen = false
	l.mu.Unlock()
	l.thawed.Broadcast()
}

type linkListener struct {
	net.Listener
	l *link
}

func (n *linkListener) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &linkConn{Conn: c, l: n.l}, nil
}

type linkConn struct {
	net.Conn
	l *link
}

func (c *linkConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	for c.l.frozen && err == nil {
		c.l.thawed.Wait()
	}
	return n, err
}

func (c *linkConn) Write(b []byte) (int, error) {
	if every := c.l.loseEvery.Load(); every > 0 && c.l.answers.Add(1)%every == 0 {
		c.Close()
		return 0, errors.New("answer lost")
	}
	return c.Conn.Write(b)
}
