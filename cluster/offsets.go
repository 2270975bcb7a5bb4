package cluster

import (
	"context"
	"fmt"

	kafka "github.com/segmentio/kafka-go"
)

// Range is what a partition holds: the offsets First <= o < Last.
type Range struct{ First, Last int64 }

// Offsets asks the leaders of a topic's partitions once what each holds. Nothing of the answer comes from memory. The call may
// succeed with a partition's failure inside, which then looks like the offset -1: that is an error here.
func (c *Client) Offsets(ctx context.Context, topic string, partitions ...int) ([]Range, error) {
	req := make([]kafka.OffsetRequest, 0, 2*len(partitions))
	for _, p := range partitions {
		req = append(req, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	res, err := c.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: req}})
	if err != nil {
		return nil, fmt.Errorf("offsets of topic %s: %w", topic, err)
	}
	answers := map[int]kafka.PartitionOffsets{}
	for _, a := range res.Topics[topic] {
		answers[a.Partition] = a
	}
	ranges := make([]Range, 0, len(partitions))
	for _, p := range partitions {
		a, ok := answers[p]
		switch {
		case !ok || a.Error == nil && (a.FirstOffset < 0 || a.LastOffset < a.FirstOffset):
			return nil, fmt.Errorf("offsets of topic %s, partition %d: %w", topic, p, kafka.Unknown)
		case a.Error != nil:
			return nil, fmt.Errorf("offsets of topic %s, partition %d: %w", topic, p, a.Error)
		}
		ranges = append(ranges, Range{First: a.FirstOffset, Last: a.LastOffset})
	}
	return ranges, nil
}

// Reach fails unless the leaders of all of a topic's partitions answer now.
func (c *Client) Reach(ctx context.Context, topic string, partitions int) error {
	_, err := c.Offsets(ctx, topic, upTo(partitions)...)
	return err
}

// upTo is 0, 1, ... n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
