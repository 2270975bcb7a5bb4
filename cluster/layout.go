package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// Layout is how a topic's trucks were laid out over its partitions for a time: by the hash of their ids modulo Partitions. A topic
// that grows gets another one, and its trucks move between partitions.
type Layout struct {
	Partitions int `json:"partitions"`
	// Starts are, by partition, the offsets from which on records lie by this layout; what is below was written by the one before.
	// Nil: all records do.
	Starts []int64 `json:"starts,omitempty"`
}

// LayoutTopic is the compacted topic that keeps the layouts of another: one record, whose key is that topic's name. Whoever writes to
// the topic or reads it can read the layouts, too, also one that has no access to the store.
func LayoutTopic(topic string) string { return topic + "-layout" }

// layouts is the value of the record.
type layouts struct {
	Layouts []Layout `json:"layouts"`
}

const (
	settling   = 10 * time.Second       // a topic that was just made, or whose broker was just started, has no leader for a while
	firstPause = 20 * time.Millisecond  // between two attempts, doubling
	lastPause  = 500 * time.Millisecond // ... to this
)

// Layouts are those that were accepted for a topic, oldest first. None: nobody has written to the topic or read it yet, or only
// versions of this program that knew no layouts.
func (c Config) Layouts(ctx context.Context, topic string) (all []Layout, err error) {
	err = c.settled(ctx, LayoutTopic(topic), func(ctx context.Context, client *Client) error {
		all, err = client.layouts(ctx, topic)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how topic %s is laid out: %w", topic, err)
	}
	return all, nil
}

// SetLayouts writes down which layouts are accepted for a topic, in place of those that were.
func (c Config) SetLayouts(ctx context.Context, topic string, all []Layout) error {
	value, err := json.Marshal(layouts{all})
	if err == nil {
		err = c.settled(ctx, LayoutTopic(topic), func(ctx context.Context, client *Client) error {
			return client.setLayouts(ctx, topic, value)
		})
	}
	if err != nil {
		return fmt.Errorf("write down how topic %s is laid out: %w", topic, err)
	}
	return nil
}

// settled calls with a client until what Kafka answers is not of the kind that passes by itself. Each call has a client of its own, for
// clients remember what they have seen of a topic.
func (c Config) settled(ctx context.Context, topic string, call func(context.Context, *Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		client, err := c.Client(topic)
		if err != nil {
			return err
		}
		err = call(ctx, client)
		client.Close()
		var code kafka.Error
		if err == nil || !errors.As(err, &code) || !code.Temporary() && code != kafka.Unknown && code != kafka.UnknownTopicOrPartition {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func (c *Client) layouts(ctx context.Context, topic string) ([]Layout, error) {
	at := LayoutTopic(topic)
	t, err := c.Topic(ctx, at)
	switch {
	case err != nil:
		return nil, err
	case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
		return nil, nil
	case t.Error != nil:
		return nil, t.Error
	}
	log, err := c.Offsets(ctx, at, 0)
	if err != nil {
		return nil, err
	}
	var newest []byte
	for from := log[0].First; from < log[0].Last; {
		next, value, err := c.newest(ctx, at, topic, from)
		if err != nil {
			return nil, err
		}
		if value != nil {
			newest = value
		}
		if next == from { // compaction has taken what was there
			break
		}
		from = next
	}
	if newest == nil {
		return nil, nil
	}
	var of layouts
	if err := json.Unmarshal(newest, &of); err != nil {
		return nil, fmt.Errorf("the record of %s in topic %s: %w", topic, at, err)
	}
	return of.Layouts, check(of.Layouts)
}

// newest reads a page, and returns where the next one begins and the last value of a key in it; nil: none.
func (c *Client) newest(ctx context.Context, topic, key string, from int64) (next int64, value []byte, err error) {
	const page = 1 << 20 // bytes
	res, err := c.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Offset: from, MinBytes: 1, MaxBytes: page, MaxWait: settling / 20})
	if err == nil {
		err = res.Error
	}
	for next = from; err == nil; {
		var r *kafka.Record
		if r, err = res.Records.ReadRecord(); err != nil {
			break
		}
		var k, v []byte
		if k, err = kafka.ReadAll(r.Key); err != nil {
			break
		}
		if v, err = kafka.ReadAll(r.Value); err != nil {
			break
		}
		if next = r.Offset + 1; string(k) == key {
			value = v
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return next, value, err
}

// check refuses what SetLayouts is not given: layouts that grow, each with a start a partition.
func check(all []Layout) error {
	for i, l := range all {
		if l.Partitions < 1 || i > 0 && (l.Partitions <= all[i-1].Partitions || len(l.Starts) != l.Partitions) {
			return fmt.Errorf("the layouts %v can't be meant: somebody else has written them", all)
		}
	}
	return nil
}

func (c *Client) setLayouts(ctx context.Context, topic string, value []byte) error {
	at := LayoutTopic(topic)
	t, err := c.Topic(ctx, at)
	switch {
	case err != nil:
		return err
	case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
		if err := c.createCompacted(ctx, at); err != nil {
			return err
		}
		return kafka.LeaderNotAvailable // the brokers hear of it in a moment, this client later
	case t.Error != nil:
		return t.Error
	}
	res, err := c.Produce(ctx, &kafka.ProduceRequest{
		Topic: at, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte(topic)), Value: kafka.NewBytes(value), Time: time.Now()}),
	})
	if err == nil {
		err = res.Error
	}
	return err
}

// createCompacted makes a topic of one partition that keeps the newest record of each key, for ever.
func (c *Client) createCompacted(ctx context.Context, topic string) error {
	res, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: 1, ReplicationFactor: -1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "cleanup.policy", ConfigValue: "compact"}},
	}}})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) { // another process was quicker
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return nil
}
