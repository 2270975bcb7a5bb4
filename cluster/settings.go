package cluster

import (
	"context"
	"fmt"
	"strconv"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// names of a topic's settings.
const (
	minInSync   = "min.insync.replicas"
	unclean     = "unclean.leader.election.enable"
	retentionMs = "retention.ms"
)

// Retention is how long a topic keeps its records at most; 0: it has no such bound. The error may be that we may not
// ask.
func (c *Client) Retention(ctx context.Context, topic string) (time.Duration, error) {
	settings, err := c.settings(ctx, topic, retentionMs)
	if err != nil {
		return 0, err
	}
	ms, err := strconv.ParseInt(settings[retentionMs], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("setting %s of topic %s: %w", retentionMs, topic, err)
	}
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(max(ms, 0), most)) * time.Millisecond, nil
}

// settings asks for some of a topic's.
func (c *Client) settings(ctx context.Context, topic string, names ...string) (map[string]string, error) {
	res, err := c.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: names,
	}}})
	if err == nil && len(res.Resources) == 1 {
		err = res.Resources[0].Error
	}
	if err != nil {
		return nil, fmt.Errorf("settings of topic %s: %w", topic, err)
	}
	all := map[string]string{}
	for _, r := range res.Resources {
		for _, e := range r.ConfigEntries {
			all[e.ConfigName] = e.ConfigValue
		}
	}
	return all, nil
}
