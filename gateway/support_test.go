package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"argos"
	"argos/wire"
)

const deadline = 30 * time.Second

// broker is an embedded Kafka-protocol broker that can be stopped and started on its data.
type broker struct {
	*kfake.Cluster
	t    testing.TB
	addr string
	opts []kfake.Opt
}

func startBroker(t testing.TB, partitions int, more ...kfake.Opt) *broker {
	b := &broker{t: t, opts: append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(int32(partitions), argos.Topic), kfake.SeedTopics(1, argos.DeadLetterTopic), kfake.DataDir(t.TempDir()),
	}, more...)}
	b.start()
	t.Cleanup(func() { b.Close() })
	return b
}

func (b *broker) start() {
	b.t.Helper()
	opts := b.opts
	if b.addr != "" {
		_, port, _ := net.SplitHostPort(b.addr)
		var n int
		fmt.Sscan(port, &n)
		opts = append(opts[:len(opts):len(opts)], kfake.Ports(n))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Cluster, b.addr = c, c.ListenAddrs()[0]
}

// logged is what a topic holds, by partition.
func (b *broker) logged(topic string) [][]kafka.Message {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	conn, err := kafka.DialContext(ctx, "tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	parts, err := conn.ReadPartitions(topic)
	if err != nil {
		b.t.Fatal(err)
	}
	all := make([][]kafka.Message, len(parts))
	for _, p := range parts {
		leader, err := kafka.DialLeader(ctx, "tcp", b.addr, topic, p.ID)
		if err != nil {
			b.t.Fatal(err)
		}
		end, err := leader.ReadLastOffset()
		leader.Close()
		if err != nil {
			b.t.Fatal(err)
		}
		if end == 0 {
			continue
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{b.addr}, Topic: topic, Partition: p.ID, MaxWait: 50 * time.Millisecond})
		for int64(len(all[p.ID])) < end {
			m, err := r.ReadMessage(ctx)
			if err != nil {
				b.t.Fatal(err)
			}
			all[p.ID] = append(all[p.ID], m)
		}
		r.Close()
	}
	return all
}

func (b *broker) seqs() map[string][]int64 { b.t.Helper(); return b.seqsOf(argos.Topic) }

// seqsOf are the sequence numbers in a topic by truck, in log order; it checks each record on the way.
func (b *broker) seqsOf(topic string) map[string][]int64 {
	b.t.Helper()
	var p wire.Parser
	by := map[string][]int64{}
	all := b.logged(topic)
	for i, part := range all {
		for _, m := range part {
			var r argos.Record
			if err := p.Record(m.Value, &r); err != nil {
				b.t.Fatalf("%s: %v", m.Value, err)
			}
			if string(m.Key) != r.TruckID || argos.PartitionOf(r.TruckID, len(all)) != i || m.Time.UnixMilli() != r.Recv {
				b.t.Fatalf("record %s has key %q in partition %d at %v", m.Value, m.Key, i, m.Time)
			}
			by[r.TruckID] = append(by[r.TruckID], r.Seq)
		}
	}
	return by
}

type testGateway struct {
	*Gateway
	t        testing.TB
	url      string
	registry *prometheus.Registry
}

// metric is the sum of a metric over its labels.
func (g *testGateway) metric(name string) (sum float64) {
	families, err := g.registry.Gather()
	if err != nil {
		g.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "argos_gateway_"+name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func startGateway(t testing.TB, c Config) *testGateway {
	t.Helper()
	registry := prometheus.NewRegistry()
	c.Registerer = registry
	g, err := New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		g.Close(ctx)
		srv.Close()
	})
	return &testGateway{g, t, srv.URL, registry}
}

// client is a device.
type client struct {
	*websocket.Conn
	t     testing.TB
	acked uint64
	nacks map[uint64]string
}

func (g *testGateway) dial(query string) *client {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	c, _, err := websocket.Dial(ctx, g.url+"/v1/stream"+query, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.CloseNow() })
	return &client{Conn: c, t: g.t, nacks: map[uint64]string{}}
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads one reply.
func (c *client) hear() error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	_, text, err := c.Read(ctx)
	if err != nil {
		return err
	}
	var r struct {
		Ack, Nack uint64
		Error     string
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	switch {
	case r.Nack > 0 && r.Nack <= c.acked:
		return fmt.Errorf("nack of fix %d after ack of %d", r.Nack, c.acked)
	case r.Nack > 0:
		c.nacks[r.Nack] = r.Error
	case r.Ack <= c.acked:
		return fmt.Errorf("ack of %d after ack of %d", r.Ack, c.acked)
	default:
		c.acked = r.Ack
	}
	return nil
}

// await reads until n fixes are acked.
func (c *client) await(n uint64) {
	c.t.Helper()
	for c.acked < n {
		if err := c.hear(); err != nil {
			c.t.Fatalf("%d of %d acked: %v", c.acked, n, err)
		}
	}
}

// fixes is a frame of n fixes of one truck, numbered from seq on.
func fixes(truck string, seq, n int) string {
	var b []byte
	for i := range n {
		f := argos.NewFix(truck, time.Now().UnixMilli(), 48.1, 11.5)
		f.Seq, f.Speed, f.Heading, f.Accuracy = int64(seq+i), 13.25, 91.4, 3.5
		b = wire.AppendFix(append(b, ','), &f)
	}
	b[0] = '['
	return string(append(b, ']'))
}

// eventually polls.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func (g *testGateway) post(path, body string) (int, answer) {
	g.t.Helper()
	r, err := http.Post(g.url+path, "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	defer r.Body.Close()
	var a answer
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		g.t.Fatal(err)
	}
	return r.StatusCode, a
}

// inOrder checks that the log has a truck's fixes 0 to n-1, each once, in order.
func inOrder(t testing.TB, truck string, seqs []int64, n int) {
	t.Helper()
	if len(seqs) != n {
		t.Errorf("%s: the log has %d fixes, want %d", truck, len(seqs), n)
	}
	for i, s := range seqs {
		if s != int64(i) {
			t.Fatalf("%s: record %d of the log has seq %d", truck, i, s)
		}
	}
}
