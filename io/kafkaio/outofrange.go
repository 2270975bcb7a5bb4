package kafkaio

import (
	"context"
	"errors"
	"fmt"

	kafka "github.com/segmentio/kafka-go"
)

// TakenError says that retention has taken what was asked for: the partition begins at First, above From.
type TakenError struct {
	Topic     string
	Partition int
	From      int64
	First     int64
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("topic %s, partition %d: offsets %d to %d were taken by retention", e.Topic, e.Partition, e.From, e.First)
}

// AboveEndError says that a partition ends below the offset asked for: its topic was remade, or the broker has lost data.
type AboveEndError struct {
	Topic     string
	Partition int
	From      int64
	Last      int64
}

func (e *AboveEndError) Error() string {
	return fmt.Sprintf("topic %s, partition %d ends at offset %d, below %d: the topic was remade, or its broker lost data", e.Topic, e.Partition, e.Last, e.From)
}

// ChangedError says that a topic has another number of partitions than its job reads.
type ChangedError struct {
	Topic   string
	Was, Is int
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("topic %s has %d partitions, and the job reads %d", e.Topic, e.Is, e.Was)
}

func final(err error) bool {
	var taken *TakenError
	var above *AboveEndError
	var changed *ChangedError
	return errors.As(err, &taken) || errors.As(err, &above) || errors.As(err, &changed)
}

// whole fails when the topic has not the partitions that the job reads: what is written to the others would be acked, and read by
// nobody. The answer comes from memory, which the transport renews every MetadataTTL; without one, fetching has the same trouble.
func (f *fetcher) whole(ctx context.Context, partitions int) error {
	t, err := f.client.Topic(ctx, f.topic)
	if err != nil || t.Error != nil || len(t.Partitions) == 0 || len(t.Partitions) == partitions {
		return nil //nolint:nilerr // see above
	}
	return &ChangedError{Topic: f.topic, Was: partitions, Is: len(t.Partitions)}
}

// outOfRange says on which side of the log an offset lies that the broker refused, for its answer does not.
func (f *fetcher) outOfRange(ctx context.Context, from int64) error {
	r, err := f.client.Offsets(ctx, f.topic, f.partition)
	switch {
	case err != nil:
		return err
	case from < r[0].First:
		return &TakenError{Topic: f.topic, Partition: f.partition, From: from, First: r[0].First}
	case from > r[0].Last:
		return &AboveEndError{Topic: f.topic, Partition: f.partition, From: from, Last: r[0].Last}
	}
	return fmt.Errorf("fetch %s/%d from offset %d: %w", f.topic, f.partition, from, kafka.OffsetOutOfRange)
}
