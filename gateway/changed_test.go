package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
)

// journal is a log that many write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) count(s string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), s)
}

// attentive looks at its topic often.
func attentive(t *testing.T, b *broker) (*testGateway, *journal) {
	t.Helper()
	var j journal
	looks := defaultPace
	looks.look = 50 * time.Millisecond
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr), Log: slog.New(slog.NewTextHandler(&j, nil)), pace: looks})
	if err := g.Trouble(); err != nil {
		t.Fatal(err)
	}
	return g, &j
}

// turnsAway checks that nobody gets in, and hears why.
func (g *testGateway) turnsAway(steps string) {
	g.t.Helper()
	if status, a := g.post("/v1/fixes", fixAt(time.Now())); status != http.StatusServiceUnavailable ||
		!strings.Contains(a.Error, steps) {
		g.t.Error("a POST:", status, a.Error)
	}
	_, r, err := websocket.Dial(g.t.Context(), g.url+"/v1/stream", nil)
	if err == nil || r == nil || r.StatusCode != http.StatusServiceUnavailable {
		g.t.Error("a socket:", r, err)
	}
}

// grow adds partitions to a topic.
func grow(t *testing.T, c Config, partitions int32) {
	t.Helper()
	fresh := &kafka.Transport{} // the common one's connections may be those of a broker that was killed since
	defer fresh.CloseIdleConnections()
	admin := &kafka.Client{Addr: kafka.TCP(c.Kafka.Brokers...), Timeout: deadline, Transport: fresh}
	r, err := admin.CreatePartitions(
		t.Context(),
		&kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: c.Topic, Count: partitions}}},
	)
	if err == nil {
		err = r.Errors[c.Topic]
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestApacheKafkaTopicThatGrewIsNotWrittenOn(t *testing.T) {
	c := apacheKafka(t)
	c.pace = defaultPace
	c.pace.look = 50 * time.Millisecond
	g := startGateway(t, c)
	s := g.dial("")
	s.send(fixes("T", 0, 10))
	s.await(10)
	grow(t, c, 3)
	if err := s.hear(); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(err)
	}
	if err := g.Trouble(); err == nil || !strings.Contains(err.Error(), "from 1 to 3 partitions") {
		t.Error(err)
	}
}

func TestGrownTopicIsNotWrittenOn(t *testing.T) {
	b := startBroker(t, 2)
	g, j := attentive(t, b)
	c := g.dial("")
	c.send(fixes("T", 0, 10))
	c.await(10)
	grow(t, Config{Kafka: cluster.Plain(b.addr), Topic: argos.Topic}, 6)
	eventually(t, "trouble", func() bool { return g.Trouble() != nil })
	const steps = "start the pipeline once with --accept-partitions, then the gateways"
	if why := g.Trouble().Error(); !strings.Contains(why, "from 2 to 6 partitions") || !strings.Contains(why, steps) {
		t.Error(why)
	}
	var closed websocket.CloseError
	if err := c.hear(); !errors.As(err, &closed) || closed.Code != websocket.StatusGoingAway ||
		!strings.Contains(closed.Reason, "takes no more fixes") {
		t.Error(err)
	}
	g.turnsAway(steps)
	eventually(t, "all have left", func() bool { return g.metric("connections") == 0 })
	if n := j.count("takes no more fixes"); n != 1 {
		t.Errorf("%d lines of it in the log", n)
	}
	if log := b.logged(argos.Topic); len(log) != 6 || len(log[argos.PartitionOf("T", 2)]) != 10 {
		t.Error("the log does not hold what was acked")
	}
	if err := g.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for range 2 { // however often it is started again
		_, err := New(t.Context(), Config{Kafka: cluster.Plain(b.addr)})
		if err == nil || !strings.Contains(err.Error(), "from 2 to 6 partitions") ||
			!strings.Contains(err.Error(), steps) {
			t.Fatal("it starts again:", err)
		}
	}
	accepted := []cluster.Layout{{Partitions: 2}, {Partitions: 6, Starts: make([]int64, 6)}}
	if err := cluster.Plain(b.addr).SetLayouts(t.Context(), argos.Topic, accepted[:1], accepted); err != nil {
		t.Fatal(err)
	}
	again, _ := attentive(t, b)
	c = again.dial("")
	c.send(fixes("T", 10, 1))
	c.await(1)
}

// What waits for a partition that is no more is given up without an ack.
func TestTopicRemadeSmallerIsNotWrittenOn(t *testing.T) {
	b := startBroker(t, 3)
	g, j := attentive(t, b)
	if err := b.DeleteTopic(argos.Topic); err != nil {
		t.Fatal(err)
	}
	truck := "T"
	for i := 0; argos.PartitionOf(truck, 3) != 2; i++ {
		truck = fmt.Sprint("T-", i)
	}
	c := g.dial("")
	c.send(fixes(truck, 0, 10))
	eventually(t, "attempts", func() bool { return g.metric("produce_retries_total") > 1 })
	if err := g.Trouble(); err != nil {
		t.Error("a topic that is missing may come back:", err)
	}
	if err := b.CreateTopic(argos.Topic, 1, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "trouble", func() bool { return g.Trouble() != nil })
	const steps = "start the pipeline once with --new-epoch, then the gateways"
	if why := g.Trouble().Error(); !strings.Contains(why, "has 1 partitions and had 3") ||
		!strings.Contains(why, steps) {
		t.Error(why)
	}
	g.turnsAway(steps)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Close(ctx); err == nil || !strings.Contains(err.Error(), "10 fixes were not confirmed") {
		t.Error(err)
	}
	if err := c.hear(); err == nil {
		t.Error("heard of", c.acked, "acks")
	}
	if n := j.count("takes no more fixes"); n != 1 {
		t.Errorf("%d lines of it in the log", n)
	}
}

func TestCloseReasonFitsIntoAFrame(t *testing.T) {
	long := strings.Repeat("ü", 100)
	for in, want := range map[string]string{
		"short; whole":           "short; whole",
		"clause; " + long:        "clause",
		long:                     long[:122],
		errClosing.Error():       errClosing.Error(),
		strings.Repeat("x", 123): strings.Repeat("x", 123),
	} {
		if got := closeReason(errors.New(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
