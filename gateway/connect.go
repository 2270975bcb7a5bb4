package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// connectTimeout is how long New waits for a broker to answer.
const connectTimeout = 10 * time.Second

// dial makes a client of its own for each gateway; nothing is sent yet.
func dial(brokers string, topics ...string) (*kafka.Client, *kafka.Transport, error) {
	addresses := strings.Split(brokers, ",")
	for i, a := range addresses {
		a = strings.TrimSpace(a)
		if _, port, err := net.SplitHostPort(a); err != nil || port == "" {
			return nil, nil, fmt.Errorf("Kafka address %q is not HOST:PORT", a)
		}
		addresses[i] = a
	}
	t := &kafka.Transport{
		ClientID: "argos-gateway",
		// Where a partition's leader is, is learnt by this timer alone.
		MetadataTTL: 2 * time.Second, MetadataTopics: topics,
	}
	return &kafka.Client{Addr: kafka.TCP(addresses...), Timeout: requestTimeout, Transport: t}, t, nil
}

// countPartitions asks for the topics' partition counts. Metadata is the call that tells why a broker turns us down.
func countPartitions(ctx context.Context, client *kafka.Client, brokers string, topics ...string) ([]int, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	r, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		var answer kafka.Error
		if errors.As(err, &answer) {
			return nil, fmt.Errorf("ask Kafka at %s for its topics: %w", brokers, err)
		}
		return nil, fmt.Errorf("no Kafka broker answers at %s: %w", brokers, err)
	}
	counts := make([]int, len(topics))
	for i, t := range r.Topics {
		switch {
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition), t.Error == nil && len(t.Partitions) == 0:
			return nil, fmt.Errorf("Kafka at %s has no topic %q; create it first", brokers, t.Name)
		case t.Error != nil:
			return nil, fmt.Errorf("ask Kafka at %s for the topic %q: %w", brokers, t.Name, t.Error)
		}
		counts[i] = len(t.Partitions)
	}
	return counts, nil
}
