package audit_test

import (
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/io/kafkaio"
	"argos/wire"
)

func wireOf(r *argos.Record) []byte { return wire.AppendRecord(nil, r) }

func (w *world) produce(t *testing.T, partition int, records ...kafka.Record) {
	t.Helper()
	if len(records) > 0 {
		w.produceAt(t, argos.Topic, partition, records)
	}
}

func (w *world) produceTo(t *testing.T, topic string, records ...kafka.Record) {
	t.Helper()
	w.produceAt(t, topic, 0, records)
}

func (w *world) createTopic(t *testing.T, topic string) {
	t.Helper()
	if err := kafkaio.EnsureTopic(t.Context(), w.config.Kafka, topic, 1); err != nil {
		t.Fatal(err)
	}
}

func (w *world) produceAt(t *testing.T, topic string, partition int, records []kafka.Record) {
	t.Helper()
	_, err := w.client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic:        topic,
		Partition:    partition,
		RequiredAcks: kafka.RequireAll,
		Records:      kafka.NewRecordReader(records...),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deleteRecords takes a partition's records below an offset, as retention does.
func (w *world) deleteRecords(t *testing.T, partition int, below int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.config.Kafka.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = int32(partition), below
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic, topic.Partitions = argos.Topic, append(topic.Partitions, p)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, topic)
	res, err := req.RequestWith(t.Context(), client)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(res, err)
	}
}
