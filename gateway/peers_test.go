package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos/wire"

	"argos/cluster"
)

// mute opens a WebSocket by hand, and does nothing that it is not told to: no reading, no pongs.
func (g *testGateway) mute() net.Conn {
	g.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		g.t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /v1/stream HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", c.RemoteAddr())
	r, err := http.ReadResponse(bufio.NewReaderSize(c, 16), nil)
	if err != nil || r.StatusCode != http.StatusSwitchingProtocols {
		g.t.Fatal(r, err)
	}
	return c
}

// frameOf is a masked text frame; the mask is zero.
func frameOf(text string) []byte {
	n := len(text)
	b := []byte{0x81, 0x80 | 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0}
	return append(b, text...)
}

func TestPeerThatNeverReadsIsServedAndHoldsNobodyUp(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	deaf := g.mute()
	bad := frameOf("[" + strings.Repeat("7,", wire.MaxFixes-1) + "7]")
	wrote := make(chan error, 1)
	go func() {
		for range 12 { // far more nacks than sockets buffer
			if _, err := deaf.Write(bad); err != nil {
				wrote <- err
				return
			}
		}
		_, err := deaf.Write(frameOf(fixes("deaf", 0, 10)))
		wrote <- err
	}()
	other := g.dial("")
	for i := range 20 {
		other.send(fixes("T", i, 1))
		other.await(uint64(i + 1))
	}
	eventually(t, "the deaf one's fixes", func() bool { return g.metric("fixes_accepted_total") == 30 })
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	if g.metric("nacks_dropped_total") == 0 {
		t.Error("no nack was dropped, so the queue was never full")
	}
	inOrder(t, "deaf", b.seqs()["deaf"], 10)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := g.Close(ctx); err != nil { // all is confirmed; the deaf one is cut off at the deadline
		t.Error(err)
	}
}

func TestSilentPeerIsGivenUpAndAListeningOneKept(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), pace: pace{look: 20 * time.Millisecond, ping: 200 * time.Millisecond, idle: time.Second}})
	g.mute()
	c := g.dial("")
	heard := make(chan error, 1)
	go func() { heard <- c.hear() }() // answers pings
	eventually(t, "both inside", func() bool { return g.metric("connections") == 2 })
	eventually(t, "one inside", func() bool { return g.metric("connections") == 1 })
	c.send(fixes("T", 0, 1))
	if err := <-heard; err != nil || c.acked != 1 {
		t.Error("the peer that answers pings was cut off:", err)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), MaxConnections: 2})
	first, second := g.dial(""), g.dial("")
	ctx := context.Background()
	if _, r, err := websocket.Dial(ctx, g.url+"/v1/stream", nil); err == nil || r == nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Error("a third connection:", r, err)
	}
	if status, a := g.post("/v1/fixes", fixAt(time.Now())); status != http.StatusServiceUnavailable || !strings.Contains(a.Error, "as many senders") {
		t.Error("a POST:", status, a)
	}
	if n := g.metric("turned_away_total"); n != 2 {
		t.Error("turned away:", n)
	}
	first.CloseNow()
	eventually(t, "one has left", func() bool { return g.metric("connections") == 1 })
	third := g.dial("")
	third.send(fixes("T", 0, 1))
	third.await(1)
	second.send(fixes("T", 1, 1))
	second.await(1)
}

func TestFixesOfAPeerThatLeftAreStored(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	l.freeze()
	c := g.dial("")
	c.send(fixes("T", 0, 100))
	eventually(t, "100 fixes", func() bool { return g.metric("fixes_unconfirmed") == 100 })
	c.CloseNow()
	eventually(t, "it has left", func() bool { return g.metric("connections") == 0 })
	l.thaw()
	eventually(t, "all confirmed", func() bool { return g.metric("fixes_accepted_total") == 100 })
	inOrder(t, "T", b.seqs()["T"], 100)
}

func TestClosedGatewayTurnsAway(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	if err := g.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if status, a := g.post("/v1/fixes", fixAt(time.Now())); status != http.StatusServiceUnavailable || !strings.Contains(a.Error, "shutting down") {
		t.Error(status, a)
	}
	if _, r, err := websocket.Dial(context.Background(), g.url+"/v1/stream", nil); err == nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Error(err)
	}
	if err := g.Close(context.Background()); err != nil {
		t.Error("a second Close:", err)
	}
}

func TestCloseDoesNotWaitForABody(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	c, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/fixes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n%s", fixAt(time.Now()))
	eventually(t, "it is inside", func() bool { return g.metric("connections") == 1 })
	if err := g.Close(context.Background()); err != nil {
		t.Error(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Error(r, err)
	}
}

func TestCloseWaitsForAPingedPeer(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), pace: pace{look: 10 * time.Millisecond, ping: 20 * time.Millisecond, idle: time.Hour}})
	c := g.mute() // its pong never comes
	eventually(t, "a ping", func() bool {
		g.doors.mu.Lock()
		defer g.doors.mu.Unlock()
		for _, s := range g.doors.inside {
			s := s.(*session)
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.pinging
		}
		return false
	})
	c.Close()
	eventually(t, "it has left", func() bool { return g.metric("connections") == 0 })
}
