package gateway

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos/cluster"
)

// apacheKafka is the address of a real broker, on which the test has topics of its own with the given settings.
func apacheKafka(t *testing.T, settings ...kafka.ConfigEntry) Config {
	addr := os.Getenv("ARGOS_TEST_KAFKA")
	if addr == "" {
		t.Skip("ARGOS_TEST_KAFKA names no Apache Kafka")
	}
	c := Config{Kafka: cluster.Plain(addr), Topic: fmt.Sprintf("gateway-test-%d", time.Now().UnixNano())}
	c.DeadLetterTopic = c.Topic + "-dlq"
	client := &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second}
	r, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: c.Topic, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: settings},
		{Topic: c.DeadLetterTopic, NumPartitions: 1, ReplicationFactor: 1},
	}})
	for _, e := range r.Errors {
		if e != nil {
			err = e
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteTopics(context.Background(), &kafka.DeleteTopicsRequest{Topics: []string{c.Topic, c.DeadLetterTopic}})
	})
	return c
}

// count is how many records a topic of one partition holds.
func (c *Config) count(t *testing.T) int64 {
	t.Helper()
	conn, err := kafka.DialLeader(context.Background(), "tcp", c.Kafka.Brokers[0], c.Topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n, err := conn.ReadLastOffset()
	if err != nil {
		t.Fatal(err)
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
