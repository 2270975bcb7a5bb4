package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"argos/cluster"
)

func TestHungBrokerStopsTheReadingNotTheMemory(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), Memory: 1}) // the smallest share there is
	l.freeze()
	p := g.log.parts[0]
	held := func() int64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.held
	}
	const clients, frames, each = 8, 100, 50
	var written atomic.Int64
	all := make([]*client, clients)
	for i := range all {
		all[i] = g.dial("")
		go func() {
			for k := range frames {
				all[i].send(fixes(fmt.Sprint("T-", i), k*each, each))
				written.Add(each)
			}
		}()
	}
	eventually(t, "a full share", func() bool {
		if n := held(); n > p.share {
			t.Fatalf("held %d bytes, the share is %d", n, p.share)
		}
		return held() > p.share-1000
	})
	if n := g.metric("fixes_accepted_total"); n != 0 {
		t.Error("accepted without a broker:", n)
	}
	l.thaw()
	for i, c := range all {
		c.await(frames * each)
		if n := held(); n > p.share {
			t.Errorf("client %d: held %d bytes, the share is %d", i, n, p.share)
		}
	}
	by := b.seqs()
	for i := range all {
		inOrder(t, fmt.Sprint("T-", i), by[fmt.Sprint("T-", i)], frames*each)
	}
}

func TestOneConnectionsWindowIsItsOwn(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	l.freeze()
	c := g.dial("")
	go func() {
		for k := range 100 {
			c.send(fixes("T", k*100, 100))
		}
	}()
	eventually(t, "a full window", func() bool { return g.metric("fixes_unconfirmed") == maxUnackedFixes })
	other := g.dial("")
	other.send(fixes("U", 0, 1))
	eventually(t, "the other's fix", func() bool { return g.metric("fixes_unconfirmed") == maxUnackedFixes+1 })
	l.thaw()
	c.await(10_000)
	other.await(1)
	inOrder(t, "T", b.seqs()["T"], 10_000)
}

func TestCloseHasAHardDeadline(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	t.Cleanup(l.thaw)
	l.freeze()
	c := g.dial("")
	c.send(fixes("T", 0, 7))
	eventually(t, "7 fixes", func() bool { return g.metric("fixes_unconfirmed") == 7 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := g.Close(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "7 fixes were not confirmed") {
		t.Error(err)
	}
	if err := c.hear(); err == nil {
		t.Error("heard of", c.acked, "acks")
	}
}
