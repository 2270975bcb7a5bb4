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

func final(err error) bool {
	var taken *TakenError
	var above *AboveEndError
	return errors.As(err, &taken) || errors.As(err, &above)
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
