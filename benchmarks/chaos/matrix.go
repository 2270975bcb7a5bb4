package main

import (
	"context"
	"fmt"
	"time"

	"argos/rig"
)

// striking is a fault of one part.
type striking func(ctx context.Context, s *system) error

// freeze is longer than any timeout that a client of Kafka or of a store has here.
const freeze = 12 * time.Second

// matrix is every row, in the order of the data's way.
func matrix(o options) []row {
	var rows []row
	add := func(name, what string, on parts, short bool, strike striking) {
		rows = append(rows, row{name, what, on, short, strike})
	}
	for _, p := range []struct {
		name string
		on   parts
		of   func(*system) *part
	}{
		{"gateway", parts{}, gatewayOf},
		{"pipeline", parts{}, pipelineOf},
		{"kafka", parts{}, func(s *system) *part { return s.broker }},
		{"embedded", parts{embedded: true}, func(s *system) *part { return s.broker }},
	} {
		add(p.name+"-kill", "kill -9 of "+p.name, p.on, true, func(ctx context.Context, s *system) error { return killed(ctx, p.of(s)) })
		add(p.name+"-term", "SIGTERM of "+p.name, p.on, false, func(ctx context.Context, s *system) error { return terminated(ctx, p.of(s)) })
		add(p.name+"-stop12", "SIGSTOP of "+p.name+" for 12 s", p.on, false, func(ctx context.Context, s *system) error { return frozen(ctx, p.of(s), freeze) })
	}
	add("pipeline-down15", "the pipeline is down for 15 s", parts{}, false, func(ctx context.Context, s *system) error {
		return down(ctx, s.pipeline, 15*time.Second)
	})
	rows = append(rows, workerRows(o)...)
	rows = append(rows, storeRows()...)
	rows = append(rows, flinkRows()...)
	for _, l := range []struct {
		name  string
		on    parts
		of    func(*system) *link
		by    func(*system) *part // feels it, and counts that here; the devices' senders show it as downtime alone
		count string
	}{
		{"devices-gateway", parts{}, func(s *system) *link { return s.devices }, nil, ""},
		{"gateway-kafka", parts{}, func(s *system) *link { return s.produce }, gatewayOf, produceRetries},
		{"pipeline-kafka", parts{}, func(s *system) *link { return s.consume }, pipelineOf, "argos_source_fetch_errors_total"},
		{"pipeline-mongo", parts{mongo: true}, func(s *system) *link { return s.persist }, pipelineOf, writeFailures},
	} {
		felt := func(ctx context.Context, s *system, fault func() error) error {
			if l.by == nil {
				return fault()
			}
			return felt(ctx, l.by(s), l.count, fault)
		}
		add(l.name+"-cut", "no connections for 5 s", l.on, false, func(ctx context.Context, s *system) error {
			return felt(ctx, s, func() error { return l.of(s).cut(ctx, 5*time.Second) })
		})
		add(l.name+"-delay", "0.2-0.6 s later each way, for 10 s", l.on, false, func(ctx context.Context, s *system) error {
			return l.of(s).delayed(ctx, 10*time.Second)
		})
		add(l.name+"-half-open", "connections that bring nothing for 12 s", l.on, l.name == "gateway-kafka", func(ctx context.Context, s *system) error {
			return felt(ctx, s, func() error { return l.of(s).halfOpen(ctx, freeze) })
		})
	}
	add("lost-answers", "Kafka's answers to the gateway are lost for 10 s", parts{}, true, lostAnswers)
	add("kafka-disk-full", "no room on Kafka's disk for 10 s", parts{small: "broker"}, false, brokerDiskFull)
	add("embedded-disk-full", "no room on the embedded broker's disk for 10 s", parts{small: "broker", embedded: true}, true, brokerDiskFull)
	add("two-pipelines", "a second worker, which outlives the first", parts{}, true, twoPipelines)
	add("topic-grown", "the topic grows under lag, and the pipeline is killed while it accepts that",
		parts{}, true, topicGrows)
	add("random", fmt.Sprintf("random faults of gateway, pipeline and Kafka for %v", o.For), parts{}, true, func(ctx context.Context, s *system) error {
		return atRandom(ctx, []*part{s.gateway, s.pipeline, s.broker}, o.Seed, o.For)
	})
	return rows
}

func gatewayOf(s *system) *part  { return s.gateway }
func pipelineOf(s *system) *part { return s.pipeline }

// produceRetries counts what the gateway had to write again.
const produceRetries = "argos_gateway_produce_retries_total"

func lostAnswers(ctx context.Context, s *system) error {
	return felt(ctx, s.gateway, produceRetries, func() error { return s.produce.answersLost(ctx, 10*time.Second) })
}

func brokerDiskFull(ctx context.Context, s *system) error {
	err := felt(ctx, s.gateway, produceRetries, func() error {
		if err := s.disk.fill(); err != nil {
			return err
		}
		return pause(ctx, 10*time.Second)
	})
	if err != nil {
		return err
	}
	if err := s.disk.clear(); err != nil {
		return err
	}
	select {
	case <-s.broker.Done(): // as Apache Kafka does
		return s.broker.again(ctx)
	default:
		return nil
	}
}

// twoPipelines lets a second one share the partitions for a while, ends the first under it, and the second when the
// first is back.
func twoPipelines(ctx context.Context, s *system) error {
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return err
	}
	second := s.newPipeline(addrs[0])
	if err := second.begin(ctx); err != nil {
		return err
	}
	defer second.Kill()
	if err := pause(ctx, 8*time.Second); err != nil {
		return err
	}
	s.pipeline.Kill()
	if err := pause(ctx, 5*time.Second); err != nil {
		return err
	}
	if err := s.pipeline.begin(ctx); err != nil {
		return err
	}
	return pause(ctx, 3*time.Second)
}
