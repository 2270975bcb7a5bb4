package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos/cluster"
)

// Against a Kafka that hangs, the bodies and frames in hand stay within their memory, small ones still come in, and those who wait
// are answered, sent away at Close, or served when Kafka is back.
func TestHungBrokerBoundsWhatIsInHand(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	quick := defaultPace
	quick.answer = 2 * time.Second
	const size = 2 << 20
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), pace: quick, hand: size})
	t.Cleanup(l.thaw)
	l.freeze()
	const senders, each = 6, 5000
	all := make([]*client, senders)
	status := make(chan int, senders)
	for i := range all {
		all[i] = g.dial("")
		go func() {
			_ = all[i].Write(context.Background(), websocket.MessageText, []byte(fixes(fmt.Sprint("T-", i), 0, each)))
		}()
		go func() {
			r, err := http.Post(g.url+"/v1/fixes", "", strings.NewReader(lines("P", each)))
			if err != nil {
				status <- 0
				return
			}
			r.Body.Close()
			status <- r.StatusCode
		}()
	}
	for range senders {
		if s := <-status; s != http.StatusServiceUnavailable {
			t.Error("a POST was answered", s)
		}
		if n := g.hand.held.Load(); n > size {
			t.Errorf("%d bytes in hand, at most %d may be", n, size)
		}
	}
	eventually(t, "frames that have the memory", func() bool { return g.hand.held.Load() > 0 })
	if n := g.metric("fixes_unconfirmed"); n >= senders*maxUnackedFixes {
		t.Errorf("%v fixes were taken in: nobody waits", n)
	}
	small, before := g.dial(""), g.metric("fixes_unconfirmed")
	small.send(fixes("S", 0, 1))
	eventually(t, "a small frame inside", func() bool { return g.metric("fixes_unconfirmed") > before })
	l.thaw()
	for _, c := range all {
		c.await(each)
	}
	by := b.seqs()
	for i := range all {
		inOrder(t, fmt.Sprint("T-", i), by[fmt.Sprint("T-", i)], each)
	}
	small.await(1)
	eventually(t, "nothing in hand", func() bool { return g.hand.held.Load() == 0 })
}

// Those who wait for memory leave when the gateway closes, whatever their frame would have been.
func TestCloseDoesNotWaitForMemory(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), hand: 1})
	if !g.hand.free.TryAcquire(1) {
		t.Fatal("the memory is in use")
	}
	c := g.dial("")
	c.send(fixes("T", 0, 500))
	status := make(chan int, 1)
	go func() {
		s, _ := g.post("/v1/fixes", lines("P", 500))
		status <- s
	}()
	waiting := func() (n int) {
		for _, s := range g.doors.guests() {
			switch s := s.(type) {
			case *session:
				s.mu.Lock()
				if s.giveUp != nil {
					n++
				}
				s.mu.Unlock()
			case *post:
				s.mu.Lock()
				if s.giveUp != nil {
					n++
				}
				s.mu.Unlock()
			}
		}
		return n
	}
	eventually(t, "both wait", func() bool { return waiting() == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	go func() { _ = c.hear() }() // answers the close handshake
	if err := g.Close(ctx); err != nil {
		t.Error(err)
	}
	if s := <-status; s != http.StatusServiceUnavailable {
		t.Error("the POST was answered", s)
	}
	if ctx.Err() != nil {
		t.Error("Close waited for memory")
	}
}
