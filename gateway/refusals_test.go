package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"argos/cluster"
	"argos/wire"
)

// narrow is a client whose socket holds little that it has not read.
func (g *testGateway) narrow() *client {
	g.t.Helper()
	small := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(128 << 10)
		}
		return c, err
	}}
	c, _, err := websocket.Dial(g.t.Context(), g.url+"/v1/stream", &websocket.DialOptions{HTTPClient: &http.Client{Transport: small}})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.CloseNow() })
	return &client{Conn: c, t: g.t, nacks: map[uint64]string{}}
}

// A sender that reads late hears of each refusal, on this socket or the next: what is acked and not nacked is in the log.
func TestNoAckCountsARefusalThatWasNotTold(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	const frames = 12 // far more nacks than sockets buffer
	const bad = frames * wire.MaxFixes
	frame := "[" + strings.Repeat("7,", wire.MaxFixes-1) + "7]"
	late := g.narrow()
	for range frames {
		late.send(frame)
	}
	late.send(fixes("late", 0, 10))
	eventually(t, "the late one's fixes", func() bool { return g.metric("fixes_accepted_total") == 10 })
	if g.metric("nacks_dropped_total") == 0 {
		t.Fatal("no nack was dropped, so the queue was never full")
	}
	var err error
	for err == nil {
		err = late.hear()
	}
	if websocket.CloseStatus(err) != websocket.StatusTryAgainLater || !strings.Contains(err.Error(), "send what is not acked") {
		t.Fatalf("acked %d of %d, then %v", late.acked, bad+10, err)
	}
	for n := uint64(1); n <= late.acked; n++ {
		if late.nacks[n] == "" {
			t.Fatalf("fix %d of %d acked ones was refused, and not told", n, late.acked)
		}
	}

	again := g.dial("")
	open := bad - len(late.nacks)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for left := open; left > 0; left -= wire.MaxFixes {
			again.send("[" + strings.Repeat("7,", min(left, wire.MaxFixes)-1) + "7]")
		}
		again.send(fixes("late", 0, 10))
	}()
	again.await(uint64(open) + 10)
	<-sent
	if len(again.nacks) != open {
		t.Errorf("%d nacks of %d refused fixes", len(again.nacks), open)
	}
}
