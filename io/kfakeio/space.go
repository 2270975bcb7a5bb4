package kfakeio

import (
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// reserve is what stays free on the broker's disk: several times what clients send at once.
const reserve = 4 << 20

// guardSpace refuses produce requests while the disk is nearly full, as a broker of Apache Kafka ends up doing: the
// clients keep their records and try again. It refuses all of them once a batch could not be written: kfake has
// refused that batch, but counts its sequence numbers as seen, so it would acknowledge the next attempt. What is on
// disk is in order after the next start.
func (b *Broker) guardSpace() {
	b.cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if b.broken.Load() {
			b.cluster.KeepControl()
			return refusal(req.(*kmsg.ProduceRequest)), nil, true
		}
		free, err := freeBytes(b.dir)
		if err == nil && free >= reserve {
			b.crammed.Store(false)
			return nil, nil, false
		}
		b.cluster.KeepControl()
		if !b.crammed.Swap(true) {
			b.log.Error(
				"embedded broker: takes no more records until its disk has room",
				"dir",
				b.dir,
				"free",
				free,
				"wanted",
				reserve,
				"error",
				err,
			)
		}
		return refusal(req.(*kmsg.ProduceRequest)), nil, true
	})
}

func refusal(req *kmsg.ProduceRequest) kmsg.Response {
	res := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, kerr.KafkaStorageError.Code
			topic.Partitions = append(topic.Partitions, partition)
		}
		res.Topics = append(res.Topics, topic)
	}
	return res
}

func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil //nolint:unconvert // the types differ between systems
}

// unwritten is told of a batch that did not reach its file.
func (b *Broker) unwritten(line string) {
	if !b.broken.Swap(true) {
		b.log.Error(
			"embedded broker: a batch could not be written; it takes no more records until it is started again",
			"kfake",
			line,
		)
	}
}
