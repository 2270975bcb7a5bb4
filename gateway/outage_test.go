package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
	"argos/wire"
)

// lines is a body of n fixes of one truck.
func lines(truck string, n int) string {
	var b []byte
	for i := range n {
		f := argos.NewFix(truck, time.Now().UnixMilli(), 48.1, 11.5)
		f.Seq = int64(i)
		b = append(wire.AppendFix(b, &f), '\n')
	}
	return string(b)
}

// fill uses up the share of the only partition, with fixes of sockets, and says how many.
func (g *testGateway) fill() {
	g.t.Helper()
	for i := range 8 {
		c := g.dial("")
		go func() {
			for k := range 100 {
				if c.Write(
					context.Background(),
					websocket.MessageText,
					[]byte(fixes(fmt.Sprint("T-", i), k*50, 50)),
				) != nil {
					return
				}
			}
		}()
	}
	p := g.log.parts[0]
	eventually(g.t, "a full share", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.held > p.share-1000
	})
}

// Wherever a POST waits for a Kafka that is away, it leaves when its client does.
func TestPostLeavesWithItsClient(t *testing.T) {
	for name, c := range map[string]struct {
		fixes int
		full  bool
		waits float64 // fixes of the body that were taken in
	}{
		"for confirmations":       {fixes: 10, waits: 10},
		"for the stream's window": {fixes: maxUnackedFixes + 500, waits: maxUnackedFixes},
		"for the partition":       {fixes: 500, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink()
			b := startBroker(t, 1, l.opt())
			g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), Memory: 1})
			t.Cleanup(l.thaw)
			l.freeze()
			if c.full {
				g.fill()
			}
			inside := g.metric("connections")
			ctx, leave := context.WithCancel(t.Context())
			r, err := http.NewRequestWithContext(
				ctx,
				http.MethodPost,
				g.url+"/v1/fixes",
				strings.NewReader(lines("P", c.fixes)),
			)
			if err != nil {
				t.Fatal(err)
			}
			left := make(chan error, 1)
			go func() {
				r, err := http.DefaultClient.Do(r)
				if err == nil {
					err = errors.Join(fmt.Errorf("answer %s", r.Status), r.Body.Close())
				}
				left <- err
			}()
			eventually(t, "the POST inside", func() bool {
				return g.metric("connections") == inside+1 && (c.full || g.metric("fixes_unconfirmed") == c.waits)
			})
			leave()
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			eventually(t, "the POST gone", func() bool { return g.metric("connections") == inside })
		})
	}
}

func TestPostIsAnsweredInTimeThoughKafkaIsAway(t *testing.T) {
	for _, full := range []bool{false, true} {
		l := newLink()
		b := startBroker(t, 1, l.opt())
		quick := defaultPace
		quick.answer = 100 * time.Millisecond
		g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), Memory: 1, pace: quick})
		t.Cleanup(l.thaw)
		l.freeze()
		if full {
			g.fill()
		}
		inside := g.metric("connections")
		status, a := g.post("/v1/fixes", lines("P", 10))
		if status != http.StatusServiceUnavailable || a.Accepted != 0 || !strings.Contains(a.Error, "send them again") {
			t.Errorf("full %v: %d %+v", full, status, a)
		}
		eventually(t, "the POST gone", func() bool { return g.metric("connections") == inside })
		l.thaw()
		eventually(t, "an answer", func() bool {
			status, a = g.post("/v1/fixes", lines("P", 10))
			return status == http.StatusOK && a.Accepted == 10
		})
	}
}

// Those who wait for room in a partition leave at the deadline too.
func TestCloseHasAHardDeadlineWhenTheMemoryIsFull(t *testing.T) {
	l := newLink()
	b := startBroker(t, 1, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), Memory: 1})
	t.Cleanup(l.thaw)
	l.freeze()
	g.fill()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- g.Close(ctx) }()
	select {
	case err := <-closed:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(deadline):
		t.Fatal("Close does not end")
	}
}

func TestOtherMethodsAreAnsweredWithASentence(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	r, err := http.Get(g.url + "/v1/fixes")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != http.MethodPost ||
		!strings.Contains(text.String(), "by POST") {
		t.Errorf("%s %s %s", r.Status, r.Header, &text)
	}
}

// One batch a partition is under way at a time, and each attempt sends the very same bytes: so a retry changes no
// order and Kafka knows it again.
func TestOneBatchAtATimeAndEachAttemptTheSame(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	var mu sync.Mutex
	var attempts [][]byte
	refused := produce(kerr.NotLeaderForPartition, -1)
	refused.When = func(r kmsg.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, t := range r.(*kmsg.ProduceRequest).Topics {
			for _, p := range t.Partitions {
				attempts = append(attempts, bytes.Clone(p.Records))
			}
		}
		return true
	}
	f := b.Fault(refused)
	c := g.dial("")
	c.send(fixes("T", 0, 10))
	eventually(t, "a retry", func() bool { return g.metric("produce_retries_total") >= 1 })
	for i := range 20 {
		c.send(fixes("T", 10+i*10, 10))
	}
	eventually(t, "all fixes wait", func() bool { return g.metric("fixes_unconfirmed") == 210 })
	before := g.metric("produce_retries_total")
	eventually(t, "two retries more", func() bool { return g.metric("produce_retries_total") >= before+2 })
	f.Remove()
	c.await(210)
	inOrder(t, "T", b.seqs()["T"], 210)
	mu.Lock()
	defer mu.Unlock()
	if len(attempts) < 3 {
		t.Fatal(len(attempts), "attempts")
	}
	for i, a := range attempts {
		if len(a) == 0 || !bytes.Equal(a, attempts[0]) {
			t.Errorf("attempt %d sent other bytes", i)
		}
	}
}

// A POST that waits for Kafka is answered when the gateway closes: with what Kafka confirms while there is time, else
// that it has to be sent again.
func TestPostIsAnsweredAtTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		comes  bool // Kafka, in time
		status int
	}{
		"Kafka comes back": {true, http.StatusOK},
		"it does not":      {false, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink()
			b := startBroker(t, 1, l.opt())
			g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
			t.Cleanup(l.thaw)
			l.freeze()
			type result struct {
				status int
				answer answer
			}
			answered := make(chan result, 1)
			go func() {
				status, a := g.post("/v1/fixes", lines("P", 5))
				answered <- result{status, a}
			}()
			eventually(t, "the POST waits", func() bool { return g.metric("fixes_unconfirmed") == 5 })
			ctx, cancel := context.WithCancel(t.Context())
			closed := make(chan error, 1)
			go func() { closed <- g.Close(ctx) }()
			eventually(t, "it closes", func() bool { return g.Trouble() != nil })
			if c.comes {
				l.thaw()
			} else {
				cancel()
			}
			r := <-answered
			if r.status != c.status || c.comes && r.answer.Accepted != 5 ||
				!c.comes && !strings.Contains(r.answer.Error, "send them again") {
				t.Errorf("%d: %+v", r.status, r.answer)
			}
			if err := <-closed; (err == nil) != c.comes {
				t.Error(err)
			}
			cancel()
		})
	}
}
