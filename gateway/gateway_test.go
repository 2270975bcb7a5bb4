package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"argos/cluster"
)

func TestFixesReachTheLogInOrderAndAreAcked(t *testing.T) {
	b := startBroker(t, 3)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	c := g.dial("")
	for i := range 50 {
		c.send(strings.Trim(fixes("single", i, 1), "[]"))
		c.send(fixes(fmt.Sprint("T-", i%7), i/7*3, 3))
	}
	c.await(200)
	by := b.seqs()
	inOrder(t, "single", by["single"], 50)
	for i := range 7 {
		n := 3 * (50 / 7)
		if i < 50%7 {
			n += 3
		}
		inOrder(t, fmt.Sprint("T-", i), by[fmt.Sprint("T-", i)], n)
	}
	if len(c.nacks) != 0 {
		t.Error(c.nacks)
	}
}

func TestPostIsAnsweredWhenTheLogHasTheFixes(t *testing.T) {
	b := startBroker(t, 2)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	line := func(truck string, seq int) string { return strings.Trim(fixes(truck, seq, 1), "[]") }
	body := line("A", 0) + "\n\n" + line("B", 0) + "\r\n{\"truck_id\":\"A\"}\n[]\nnot json\n" + line("A", 1)
	status, a := g.post("/v1/fixes", body)
	if status != 200 || a.Accepted != 3 || a.Refused != 3 || len(a.Errors) != 3 {
		t.Fatalf("%d %+v", status, a)
	}
	for i, want := range []struct {
		line int
		says string
	}{{4, "ts is missing"}, {5, "the line is an array"}, {6, "not JSON"}} {
		if e := a.Errors[i]; e.Line != want.line || !strings.Contains(e.Error, want.says) {
			t.Errorf("%+v, want line %d to say %q", e, want.line, want.says)
		}
	}
	by := b.seqs()
	inOrder(t, "A", by["A"], 2)
	inOrder(t, "B", by["B"], 1)
}

func TestCloseAcksAllThatWasReadAndSays1001(t *testing.T) {
	b := startBroker(t, 2)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	const clients = 4
	all := make([]*client, clients)
	for i := range all {
		all[i] = g.dial("")
		all[i].send(fixes(fmt.Sprint("T-", i), 0, 500))
	}
	eventually(t, "all read", func() bool { return g.metric("fixes_unconfirmed")+g.metric("fixes_accepted_total") >= clients*500 })
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- g.Close(ctx) }()
	for i, c := range all {
		c.await(500)
		if err := c.hear(); websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("client %d: %v, want status 1001", i, err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	by := b.seqs()
	for i := range all {
		inOrder(t, fmt.Sprint("T-", i), by[fmt.Sprint("T-", i)], 500)
	}
}
