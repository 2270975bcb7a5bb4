package gateway

import (
	"context"
	"errors"
	"fmt"

	"argos/cluster"
)

// fits fails unless a topic has the partitions that the pipeline has accepted: written by another count, a truck's
// fixes would go to another partition than those before, and overtake them. Who finds that nobody has accepted
// anything yet writes down what there is.
func fits(ctx context.Context, kafka cluster.Config, topic string, partitions int) error {
	layouts, err := kafka.Layouts(ctx, topic)
	if err != nil {
		return err
	}
	if len(layouts) == 0 {
		err := kafka.SetLayouts(ctx, topic, nil, []cluster.Layout{{Partitions: partitions}})
		if errors.Is(err, cluster.ErrLayoutsChanged) {
			return fits(ctx, kafka, topic, partitions) // there are some now
		}
		return err
	}
	if why := changed(topic, layouts[len(layouts)-1].Partitions, partitions); why != nil {
		return fmt.Errorf("refuse to start: %w", why)
	}
	return nil
}

// assess says in one line what an ack is worth, and fails if that is less than is required.
func (g *Gateway) assess(ctx context.Context, topic string, required int) error {
	d, err := g.client.Durability(ctx, topic)
	switch {
	case err != nil && required > 1:
		return fmt.Errorf(
			"refuse to start: it can't be told whether %d replicas have what is acknowledged: %w",
			required,
			err,
		)
	case err != nil:
		g.logger.Warn("it can't be told what an ack is worth", "topic", topic, "error", err)
		return nil
	}
	if err := d.Meets(required); err != nil {
		return fmt.Errorf("refuse to start: topic %s: %w", topic, err)
	}
	if d.MinInSync > d.Replicas || d.Unclean && d.Replicas > 1 {
		g.logger.Warn(d.String(), "topic", topic)
	} else {
		g.logger.Info(d.String(), "topic", topic)
	}
	return nil
}
