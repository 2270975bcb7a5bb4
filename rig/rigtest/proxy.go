package rigtest

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy is the network in front of a broker. It loses answers when it is told to, after the broker has acted.
type Proxy struct {
	listener net.Listener
	to       string
	every    atomic.Int64
	answers  atomic.Int64
	lost     atomic.Int64

	mu    sync.Mutex
	open  map[net.Conn]bool
	shut  bool
	tasks sync.WaitGroup
}

func newProxy(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait for anybody
	if err != nil {
		return nil, fmt.Errorf("listen before a broker: %w", err)
	}
	p := &Proxy{listener: l, to: to, open: map[net.Conn]bool{}}
	p.tasks.Go(p.accept)
	return p, nil
}

// Addr is where clients come in.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// LoseEvery makes the last of each n answers get lost with its connection; 0 loses none.
func (p *Proxy) LoseEvery(n int64) { p.every.Store(n) }

// Lost is how many answers were.
func (p *Proxy) Lost() int64 { return p.lost.Load() }

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", p.to) //nolint:noctx // on loopback, which answers at once
		if err != nil {                      // as if nobody listened
			_ = client.Close()
			continue
		}
		if !p.keep(client, broker) {
			return
		}
		p.tasks.Go(func() {
			defer p.drop(client, broker)
			_, _ = io.Copy(broker, client)
		})
		p.tasks.Go(func() {
			defer p.drop(client, broker)
			_ = p.answer(client, broker)
		})
	}
}

// answer carries whole answers: four bytes of length, then as many.
func (p *Proxy) answer(client io.Writer, broker io.Reader) error {
	for {
		var size [4]byte
		if _, err := io.ReadFull(broker, size[:]); err != nil {
			return err
		}
		if every := p.every.Load(); every > 0 && p.answers.Add(1)%every == 0 {
			p.lost.Add(1)
			return nil
		}
		if _, err := client.Write(size[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(client, broker, int64(binary.BigEndian.Uint32(size[:]))); err != nil {
			return err
		}
	}
}

// keep returns false, and closes them, when the proxy is closed.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.shut {
			_ = c.Close()
		} else {
			p.open[c] = true
		}
	}
	return !p.shut
}

func (p *Proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.open, c)
		_ = c.Close()
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.shut = true
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.tasks.Wait()
}
