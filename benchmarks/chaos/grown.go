package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/rig"
)

// grownTo is how many partitions the topic has in the end.
const grownTo = partitions + 4

// topicGrows adds partitions to the topic while the pipeline is behind, and does what the refusals say. The pipeline is
// killed on its way.
func topicGrows(ctx context.Context, s *system) error {
	s.pipeline.Stop()
	if err := pause(ctx, 5*time.Second); err != nil { // the lag
		return err
	}
	admin := &kafka.Client{Addr: kafka.TCP(s.brokerAddr), Timeout: 10 * time.Second}
	res, err := admin.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: argos.Topic, Count: grownTo}},
	})
	if err = errors.Join(err, res.Errors[argos.Topic]); err != nil {
		return fmt.Errorf("add partitions: %w", err)
	}
	if err := saysSoon(ctx, s.gateway, "this gateway takes no more fixes"); err != nil {
		return err
	}
	s.gateway.Kill()
	for _, p := range []*part{s.gateway, s.pipeline} {
		if err := refuses(ctx, p, "start the pipeline once with --accept-partitions"); err != nil {
			return err
		}
	}
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return err
	}
	accepting := s.role("is stored first", addrs[0], "pipeline", "--kafka", s.consume.addr,
		"--store", s.storedAt, "--accept-partitions")
	if err := accepting.begin(ctx); err != nil {
		return err
	}
	accepting.Kill() // amid the old layout
	if err := s.gateway.begin(ctx); err != nil {
		return err
	}
	if err := s.pipeline.begin(ctx); err != nil { // needs no flag to go on
		return err
	}
	layouts, err := cluster.Plain(s.brokerAddr).Layouts(ctx, argos.Topic)
	if err == nil && (len(layouts) != 2 || layouts[1].Partitions != grownTo) {
		err = fmt.Errorf("the layouts are %v", layouts)
	}
	return err
}

// saysSoon waits for a sentence in what a part says.
func saysSoon(ctx context.Context, p *part, sentence string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !strings.Contains(p.Output(), sentence) {
		if err := pause(ctx, lookEvery); err != nil {
			return fmt.Errorf("the %s does not say %q: %s", p.name, sentence, p.Output())
		}
	}
	return nil
}

// refuses fails unless a part, which has ended, refuses to start and says why.
func refuses(ctx context.Context, p *part, why string) error {
	err := p.begin(ctx)
	if err == nil {
		p.Kill()
		return fmt.Errorf("the %s starts on a topic that has grown", p.name)
	}
	if !strings.Contains(err.Error(), "refuse to start") || !strings.Contains(err.Error(), why) {
		return fmt.Errorf("the %s should refuse: %w", p.name, err)
	}
	return nil
}
