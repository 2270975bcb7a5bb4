// Package kafkaio reads the log and writes to it: the source of the pipeline, its low-water mark and its dead letters as
// Beam transforms over kafka-go, and plain reading and administration without Beam.
//
// One run of a pipeline shares a Job in the process: read.go polls through the Job's readers (reader.go), lowwater.go
// tells the Job what is stored, and the source does not run far ahead of that.
package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// requestTimeout bounds one request. kafka-go tells the server half of it, and with none it would tell a produce 500 ms.
const requestTimeout = 10 * time.Second

// newClient knows the given topics only: otherwise each refresh would ask for every topic of the cluster. Routes are
// refreshed by time alone, so the time is short.
func newClient(brokers []string, topics ...string) *kafka.Client {
	return &kafka.Client{
		Addr:    kafka.TCP(brokers...),
		Timeout: requestTimeout,
		Transport: &kafka.Transport{
			ClientID:       "argos",
			MetadataTTL:    time.Second,
			MetadataTopics: topics,
		},
	}
}

func closeClient(c *kafka.Client) { c.Transport.(*kafka.Transport).CloseIdleConnections() }

// reach asks for the topic's metadata. It must be a client's first call: when a broker refuses us, all others say
// "broker not available", this one says why.
func reach(ctx context.Context, c *kafka.Client, brokers []string, topic string) (kafka.Topic, error) {
	if len(brokers) == 0 {
		return kafka.Topic{}, errors.New("no Kafka broker address given")
	}
	m, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	var refused kafka.Error
	switch {
	case errors.As(err, &refused):
		return kafka.Topic{}, fmt.Errorf("kafka at %s refuses us: %w", strings.Join(brokers, ","), err)
	case err != nil:
		return kafka.Topic{}, fmt.Errorf("no Kafka broker answers at %s: %w", strings.Join(brokers, ","), err)
	}
	for _, t := range m.Topics {
		if t.Name == topic {
			return t, nil
		}
	}
	return kafka.Topic{Name: topic, Error: kafka.UnknownTopicOrPartition}, nil
}

// backoff doubles from 20 ms to 1 s. Its zero value is ready.
type backoff time.Duration

// wait pauses for the next step; false: the context ended first.
func (b *backoff) wait(ctx context.Context) bool {
	*b = min(max(2*(*b), backoff(20*time.Millisecond)), backoff(time.Second))
	t := time.NewTimer(time.Duration(*b))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// incident is a trouble that lasts: one log line when it begins and one when it is over, whatever is tried in between.
type incident struct {
	what  string
	since time.Time
	tries int
}

func (i *incident) failed(err error, args ...any) {
	if i.tries++; i.tries == 1 {
		i.since = time.Now()
		slog.Warn(i.what+" fails, and is tried again", append(args, "error", err)...)
	}
}

func (i *incident) over(args ...any) {
	if i.tries > 0 {
		slog.Info(i.what+" works again", append(args, "tries", i.tries, "after", time.Since(i.since).Round(time.Millisecond))...)
		*i = incident{what: i.what}
	}
}
