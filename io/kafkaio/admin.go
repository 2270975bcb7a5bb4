package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos/cluster"
	"argos/retry"
)

// settling is how long a topic may stay without leaders after its creation or a broker's restart.
const settling = 10 * time.Second

// EnsureTopic makes the topic with the broker's default replication when it does not exist, and leaves it as it is when
// it does, whatever its number of partitions: see Partitions.
func EnsureTopic(ctx context.Context, at cluster.Config, topic string, partitions int) error {
	c, err := at.Client(topic)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Partitions(ctx, topic); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		return err
	}
	res, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: -1}},
	})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) { // another process was quicker
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return appear(ctx, at, topic)
}

// appearWithin bounds the time between a topic's creation and the brokers' knowing of it.
const appearWithin = 15 * time.Second

// appear waits until a topic that was created is known: the controller answers before the brokers have heard of it. Each
// look has a client of its own, for clients remember what they have seen.
func appear(ctx context.Context, at cluster.Config, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, appearWithin)
	defer cancel()
	for pause := retry.Backoff(0); ; {
		_, err := Partitions(ctx, at, topic)
		if err == nil {
			return nil
		}
		if !pause.Wait(ctx) {
			return fmt.Errorf("the topic was created, but does not appear: %w", err)
		}
	}
}

// Partitions is the number of partitions of a topic. A topic that does not exist is a kafka.UnknownTopicOrPartition.
func Partitions(ctx context.Context, at cluster.Config, topic string) (int, error) {
	c, err := at.Client(topic)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return c.Partitions(ctx, topic)
}

// Offsets returns what each partition of a topic holds, by partition. While a topic is fresh or a broker has just
// started, it asks again for some seconds.
func Offsets(ctx context.Context, at cluster.Config, topic string) ([]cluster.Range, error) {
	c, err := at.Client(topic)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	n, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := make([]int, n)
	for p := range all {
		all[p] = p
	}
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	for pause := retry.Backoff(0); ; {
		ranges, err := c.Offsets(ctx, topic, all...)
		if err == nil || !transient(err) || !pause.Wait(ctx) {
			return ranges, err
		}
	}
}

// transient says whether an error that a reachable broker gave may pass by itself: leaders move, a fresh topic is not
// yet known everywhere.
func transient(err error) bool {
	var e kafka.Error
	return errors.As(err, &e) && (e.Temporary() || e == kafka.Unknown || e == kafka.UnknownTopicOrPartition)
}
