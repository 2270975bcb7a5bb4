package cluster

import (
	"context"
	"errors"
	"fmt"

	kafka "github.com/segmentio/kafka-go"
)

// Topic asks for a topic's metadata. What is wrong with the topic alone is its Error; the error returned says why the cluster
// does not answer us. It has to be a client's first call: when a broker turns a client away, all others say "broker not
// available", this one says why.
func (c *Client) Topic(ctx context.Context, name string) (kafka.Topic, error) {
	m, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
	if err != nil {
		return kafka.Topic{}, c.of.explain(err)
	}
	for _, t := range m.Topics {
		if t.Name == name {
			return t, nil
		}
	}
	return kafka.Topic{Name: name, Error: kafka.UnknownTopicOrPartition}, nil
}

// Partitions is the number of partitions of a topic. A topic that does not exist is a kafka.UnknownTopicOrPartition.
func (c *Client) Partitions(ctx context.Context, topic string) (int, error) {
	t, err := c.Topic(ctx, topic)
	switch {
	case err != nil:
		return 0, err
	case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
		return 0, fmt.Errorf("Kafka at %s has no topic %q: %w", c.of, topic, t.Error)
	case t.Error != nil:
		return 0, fmt.Errorf("Kafka at %s, topic %q: %w", c.of, topic, t.Error)
	case len(t.Partitions) == 0:
		return 0, fmt.Errorf("Kafka at %s, topic %q: it has no partitions", c.of, topic)
	}
	return len(t.Partitions), nil
}
