package gateway

import (
	"context"
	"fmt"
)

// compare looks whether the topic still has the partitions that the gateway started with. If not, a truck's fixes
// would go to another partition after the next start than before, so the gateway takes no more in until a person has
// acted. What was taken in is written, where it still can be.
func (g *Gateway) compare(ctx context.Context) {
	if g.Trouble() != nil {
		return
	}
	asking, cancel := context.WithTimeout(ctx, g.pace.look)
	defer cancel()
	t, err := g.client.Topic(asking, g.log.topic) // answered from memory, which the transport renews every MetadataTTL
	if err != nil || t.Error != nil || len(t.Partitions) == 0 {
		return // writing has the same trouble, says so and tries on
	}
	why := changed(g.log.topic, len(g.log.parts), len(t.Partitions))
	if why == nil {
		return
	}
	why = fmt.Errorf("this gateway takes no more fixes: %w", why)
	g.logger.Error(why.Error())
	leaving, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	g.empty(leaving, why)
}

// changed says what a changed number of partitions means, and what to do; nil when it is the same.
func changed(topic string, was, is int) error {
	switch {
	case is > was:
		return fmt.Errorf(
			"topic %q has grown from %d to %d partitions, so its trucks move between them; stop all gateways, "+
				"start the pipeline once with --accept-partitions, then the gateways",
			topic,
			was,
			is,
		)
	case is < was:
		return fmt.Errorf("topic %q has %d partitions and had %d, so it was remade; stop all gateways, "+
			"start the pipeline once with --new-epoch, then the gateways", topic, is, was)
	}
	return nil
}
