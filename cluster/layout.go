package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// Layout is how a topic's trucks were laid out over its partitions for a time: by the hash of their ids modulo
// Partitions. A topic that grows gets another one, and its trucks move between partitions.
type Layout struct {
	Partitions int `json:"partitions"`
	// Starts are, by partition, the offsets from which on records lie by this layout; what is below was written by
	// the one before. Nil: all records do.
	Starts []int64 `json:"starts,omitempty"`
}

// LayoutTopic is the topic that keeps the layouts of another: a record a change, each with a key of its own, so
// compaction keeps all. Whoever writes to the topic or reads it can read the layouts, too, also one that has no
// access to the store.
func LayoutTopic(topic string) string { return topic + "-layout" }

// layouts is the value of a record. It counts only where its Was are the layouts that the records before it come to:
// of two writers that have read the same, the first has it.
type layouts struct {
	Was     []Layout `json:"was,omitempty"`
	Layouts []Layout `json:"layouts"`
}

// ErrLayoutsChanged says that somebody else has written down layouts meanwhile, which stay: read them, and decide
// again.
var ErrLayoutsChanged = errors.New("somebody else has just written down other layouts")

const (
	// a topic that was just made, or whose broker was just started, has no leader for a while
	settling   = 10 * time.Second
	firstPause = 20 * time.Millisecond  // between two attempts, doubling
	lastPause  = 500 * time.Millisecond // ... to this
)

// Layouts are those that were accepted for a topic, oldest first. None: nobody has written to the topic or read it
// yet, or only versions of this program that knew no layouts.
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

// SetLayouts writes down which layouts are accepted for a topic, in place of those that were read: ErrLayoutsChanged
// if others are there by now.
func (c Config) SetLayouts(ctx context.Context, topic string, was, all []Layout) error {
	value, err := json.Marshal(layouts{Was: was, Layouts: all})
	if err == nil {
		err = c.settled(ctx, LayoutTopic(topic), func(ctx context.Context, client *Client) error {
			return client.setLayouts(ctx, topic, value)
		})
	}
	var now []Layout
	if err == nil {
		now, err = c.Layouts(ctx, topic)
	}
	if err == nil && !SameLayouts(now, all) {
		err = fmt.Errorf("%w: %v", ErrLayoutsChanged, now)
	}
	if err != nil {
		return fmt.Errorf("write down how topic %s is laid out: %w", topic, err)
	}
	return nil
}

// SameLayouts says whether two readings of a topic's layouts are the same.
func SameLayouts(a, b []Layout) bool {
	return slices.EqualFunc(a, b, func(a, b Layout) bool {
		return a.Partitions == b.Partitions && slices.Equal(a.Starts, b.Starts)
	})
}

// settled calls with a client until what Kafka answers is not of the kind that passes by itself. Each call has a
// client of its own, for clients remember what they have seen of a topic.
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
		if err == nil || !errors.As(err, &code) ||
			!code.Temporary() && code != kafka.Unknown && code != kafka.UnknownTopicOrPartition {
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
	var all []Layout
	for from := log[0].First; from < log[0].Last; {
		next, values, err := c.changes(ctx, at, topic, from)
		if err != nil {
			return nil, err
		}
		for _, value := range values {
			if all, err = change(all, value); err != nil {
				return nil, fmt.Errorf("a record of %s in topic %s: %w", topic, at, err)
			}
		}
		if next == from { // compaction has taken what was there
			break
		}
		from = next
	}
	return all, nil
}

// change is what a record makes of the layouts that those before it come to.
func change(all []Layout, value []byte) ([]Layout, error) {
	var to layouts
	if err := json.Unmarshal(value, &to); err != nil {
		return nil, err
	}
	if err := check(to.Layouts); err != nil {
		return nil, err
	}
	if !SameLayouts(to.Was, all) {
		return all, nil // its writer has read it back, and knows
	}
	return to.Layouts, nil
}

// changes reads a page, and returns where the next one begins and the values of a topic's records in it.
func (c *Client) changes(ctx context.Context, at, topic string, from int64) (next int64, values [][]byte, err error) {
	const page = 1 << 20 // bytes
	res, err := c.Fetch(
		ctx,
		&kafka.FetchRequest{Topic: at, Offset: from, MinBytes: 1, MaxBytes: page, MaxWait: settling / 20},
	)
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
		if r.Offset < next { // a batch comes whole, also what of it lies below
			continue
		}
		if next = r.Offset + 1; strings.HasPrefix(string(k), topic) && v != nil {
			values = append(values, v)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return next, values, err
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
	key := topic + "#" + rand.Text()
	res, err := c.Produce(ctx, &kafka.ProduceRequest{
		Topic: at, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(
			kafka.Record{Key: kafka.NewBytes([]byte(key)), Value: kafka.NewBytes(value), Time: time.Now()},
		),
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
