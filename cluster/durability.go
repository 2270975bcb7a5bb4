package cluster

import (
	"context"
	"fmt"
	"strconv"
)

// Durability is what an acknowledgement of all in-sync replicas of a topic is worth.
type Durability struct {
	Replicas  int  // of a partition, the one with the fewest
	MinInSync int  // so many must have a record before it is acknowledged (min.insync.replicas)
	Unclean   bool // a replica that lacks acknowledged records may become the leader (unclean.leader.election.enable)
}

// Worth is how many replicas have each acknowledged record, at least.
func (d Durability) Worth() int { return min(d.MinInSync, d.Replicas) }

func (d Durability) String() string {
	text := fmt.Sprintf("an ack says that at least %d of %d replicas have the fix", d.Worth(), d.Replicas)
	switch {
	case d.MinInSync > d.Replicas:
		text = fmt.Sprintf(
			"nothing can be acknowledged: min.insync.replicas is %d, and the topic has %d",
			d.MinInSync,
			d.Replicas,
		)
	case d.Unclean && d.Replicas > 1:
		text += ", but an unclean leader election may lose it all the same"
	case d.Worth() == 1:
		text += ": it is as safe as one disk"
	}
	return text
}

// Meets fails unless each acknowledged record is on so many replicas, and stays in the log while one of them lives.
func (d Durability) Meets(replicas int) error {
	switch {
	case d.Worth() < replicas:
		return fmt.Errorf(
			"an ack is worth %d replicas and %d are required: set the topic's min.insync.replicas (now %d) to %d, "+
				"with a replication factor (now %d) above that",
			d.Worth(),
			replicas,
			d.MinInSync,
			replicas,
			d.Replicas,
		)
	case d.Unclean && replicas > 1:
		return fmt.Errorf("%d replicas are required, and an unclean leader election may lose what they have: "+
			"set the topic's unclean.leader.election.enable to false", replicas)
	}
	return nil
}

// Durability asks for it. The error may be that we may not ask.
func (c *Client) Durability(ctx context.Context, topic string) (d Durability, err error) {
	t, err := c.Topic(ctx, topic)
	if err == nil {
		err = t.Error
	}
	if err != nil {
		return d, fmt.Errorf("replicas of topic %s: %w", topic, err)
	}
	for i, p := range t.Partitions {
		if n := len(p.Replicas); i == 0 || n < d.Replicas {
			d.Replicas = n
		}
	}
	settings, err := c.settings(ctx, topic, minInSync, unclean)
	if err != nil {
		return d, err
	}
	if d.MinInSync, err = strconv.Atoi(settings[minInSync]); err != nil {
		return d, fmt.Errorf("setting %s of topic %s: %w", minInSync, topic, err)
	}
	d.Unclean = settings[unclean] == "true"
	return d, nil
}
