package gateway

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos/cluster"
	"argos/rig/rigtest"
)

// apache is a real broker, which the tests that ask for it share.
var apache rigtest.Kafka

func TestMain(m *testing.M) {
	code := m.Run()
	apache.End()
	os.Exit(code)
}

// apacheKafka is a configuration for the real broker, with topics of the test's own; that of the fixes has the given settings.
func apacheKafka(t *testing.T, settings ...kafka.ConfigEntry) Config {
	t.Helper()
	apache.Start(t)
	return Config{Kafka: cluster.Plain(apache.Addr), Topic: apache.Topic(t, 1, settings...), DeadLetterTopic: apache.Topic(t, 1)}
}

// seqs are the sequence numbers in the topic on the real broker.
func (c *Config) seqs(t *testing.T) map[string][]int64 {
	t.Helper()
	return (&broker{t: t, addr: apache.Addr}).seqsOf(c.Topic)
}

// count is how many records it holds.
func (c *Config) count(t *testing.T) (n int) {
	t.Helper()
	for _, seqs := range c.seqs(t) {
		n += len(seqs)
	}
	return n
}

func TestApacheKafkaTakesBatchesOverTheSequenceWrap(t *testing.T) {
	c := apacheKafka(t)
	g := startGateway(t, c)
	var id identity
	eventually(t, "a producer id, once the coordinator is there", func() bool {
		var err error
		id, err = g.log.newIdentity(context.Background())
		return err == nil
	})
	id.sequence = math.MaxInt32 - 1500
	g.log.parts[0].id = id // before the first fix, so before its goroutine looks
	d := g.dial("")
	for i := range 30 {
		d.send(fixes("T", i*100, 100))
		d.await(uint64(i+1) * 100)
	}
	if id := g.log.parts[0].id; id.sequence != 1499 || g.metric("produce_retries_total") != 0 || c.count(t) != 3000 {
		t.Error(id, g.metric("produce_retries_total"), "retries,", c.count(t), "records")
	}
}

func TestApacheKafkaFindsOneRecordTooLarge(t *testing.T) {
	c := apacheKafka(t, kafka.ConfigEntry{ConfigName: "max.message.bytes", ConfigValue: "700"})
	g := startGateway(t, c)
	d := g.dial("")
	d.send(fixes("T", 0, 50))
	d.send(fmt.Sprintf(`{"truck_id":"BIG","ts":%d,"lat":1,"lon":2,"attrs":{"a":%q}}`, time.Now().UnixMilli(), strings.Repeat("x", 1000)))
	d.send(fixes("T", 50, 50))
	d.await(101)
	if len(d.nacks) != 1 || d.nacks[51] == "" || c.count(t) != 100 {
		t.Error(d.nacks, c.count(t))
	}
	eventually(t, "a dead letter", func() bool { return g.metric("dead_letters_total") == 1 })
}

func TestApacheKafkaNamesTheRecordsWithABadTimestamp(t *testing.T) {
	// Whatever lingers in a batch is older than this.
	c := apacheKafka(t, kafka.ConfigEntry{ConfigName: "message.timestamp.before.max.ms", ConfigValue: "1"})
	g := startGateway(t, c)
	d := g.dial("")
	d.send(fixes("T", 0, 20))
	d.await(20)
	if len(d.nacks) != 20 || c.count(t) != 0 || g.metric("fixes_unconfirmed") != 0 {
		t.Error(d.nacks, c.count(t))
	}
}

// An answer that is lost after the broker has stored the batch: the same batch is sent again, and the broker knows it.
func TestApacheKafkaStoresOnceWhatIsSentAgain(t *testing.T) {
	c := apacheKafka(t)
	c.Kafka = cluster.Plain(apache.Lossy.Addr())
	g := startGateway(t, c)
	before := apache.Lossy.Lost()
	apache.Lossy.LoseEvery(4)
	defer apache.Lossy.LoseEvery(0)
	d := g.dial("")
	for i := range 60 {
		d.send(fixes("T", i*10, 10))
		d.send(fixes("U", i*10, 10))
		if i%5 == 4 {
			d.await(uint64(i+1) * 20) // several batches, not one
		}
	}
	if g.metric("produce_retries_total") == 0 {
		t.Errorf("no batch was sent again, though %d answers were lost", apache.Lossy.Lost()-before)
	}
	seqs := c.seqs(t)
	inOrder(t, "T", seqs["T"], 600)
	inOrder(t, "U", seqs["U"], 600)
	if n := g.metric("possible_duplicates_total"); n != 0 {
		t.Error("possible duplicates:", n)
	}
}

// The broker dies by kill -9 while fixes come, and is back with its data: each is in the log once, in order, and acked.
func TestApacheKafkaKilledUnderLoadLosesNothing(t *testing.T) {
	c := apacheKafka(t)
	g := startGateway(t, c)
	const frames, each, trucks = 200, 20, 3
	var acked atomic.Int64
	done := make(chan error, trucks)
	more := make(chan struct{})
	for i := range trucks {
		d := g.dial("")
		go func() {
			for k := range frames {
				if k == frames/2 {
					<-more // the rest is for the broker that is away
				}
				d.send(fixes(fmt.Sprint("T-", i), k*each, each))
			}
		}()
		go func() {
			for d.acked < frames*each {
				before := d.acked
				if err := d.hear(); err != nil {
					done <- err
					return
				}
				acked.Add(int64(d.acked - before))
			}
			done <- nil
		}()
	}
	eventually(t, "some acks", func() bool { return acked.Load() > 0 })
	apache.Kill()
	close(more)
	eventually(t, "retries", func() bool { return g.metric("produce_retries_total") > 2 })
	if n := g.metric("fixes_unconfirmed"); n == 0 {
		t.Error("everything is confirmed without a broker")
	}
	apache.Start(t)
	for range trucks {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for truck, seqs := range c.seqs(t) {
		inOrder(t, truck, seqs, frames*each)
	}
	if n := c.count(t); n != trucks*frames*each {
		t.Errorf("the log has %d records, %d were acked", n, acked.Load())
	}
}

// Apache Kafka says of a topic that is not there what kafka-go says of a broker that is not: New names it, and a running gateway
// keeps what it has taken until the topic is back.
func TestApacheKafkaTopicIsMissing(t *testing.T) {
	c := apacheKafka(t)
	nowhere := c
	nowhere.Topic = "nowhere"
	if _, err := New(t.Context(), nowhere); err == nil || !strings.Contains(err.Error(), `has no topic "nowhere"`) {
		t.Error(err)
	}
	g := startGateway(t, c)
	d := g.dial("")
	d.send(fixes("T", 0, 10))
	d.await(10)
	apache.DeleteTopic(t, c.Topic)
	d.send(fixes("T", 0, 20))
	eventually(t, "retries", func() bool { return g.metric("produce_retries_total") > 2 })
	if n := g.metric("fixes_unconfirmed"); n != 20 {
		t.Error(n, "unconfirmed")
	}
	apache.MakeTopic(t, c.Topic, 1)
	d.await(30)
	inOrder(t, "T", c.seqs(t)["T"], 20)
}
