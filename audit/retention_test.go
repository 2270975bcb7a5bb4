package audit_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
)

// What retention has taken cannot be judged: that is neither a loss nor a pass.
func TestALogWithoutItsStartIsUnauditable(t *testing.T) {
	w := newWorld(t)
	id := "T-1"
	partition := int32(argos.PartitionOf(id, 3))
	client, err := kgo.NewClient(kgo.SeedBrokers(w.config.Kafka.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, 7
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic, topic.Partitions = argos.Topic, append(topic.Partitions, p)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, topic)
	res, err := req.RequestWith(t.Context(), client)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(res, err)
	}

	documents := int64(0)
	for id := range w.docs {
		if argos.PartitionOf(id, 3) == int(partition) {
			documents++
		}
	}
	r := w.audit(t)
	if r.Clean() || r.Lost != 0 || r.Diverged != 0 || r.Unauditable != documents+7 || r.InLog != trucks*each-7 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(strings.Join(r.Problems, "\n"), "not in what retention has left") {
		t.Errorf("says %q", r.Problems)
	}
}
