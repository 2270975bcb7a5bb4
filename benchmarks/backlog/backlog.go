// Package backlog writes the fixes that benchmarks find in the log when they begin.
package backlog

import (
	"context"
	"fmt"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/wire"
)

// Write writes so many fixes of a fleet to the topic, second by second of yesterday: the trucks take turns, and each drives
// straight on at 10 m/s.
func Write(ctx context.Context, broker string, fixes, fleet int) error {
	w := &kafka.Writer{
		Addr: kafka.TCP(broker), Topic: argos.Topic,
		BatchSize: 5000, BatchBytes: 900_000, BatchTimeout: 10 * time.Millisecond,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, p ...int) int {
			return argos.PartitionOf(string(m.Key), len(p))
		}),
	}
	defer w.Close()
	yesterday := time.Now().Add(-24 * time.Hour).UnixMilli()
	var batch []kafka.Message
	for i := range fixes {
		id, n := fmt.Sprintf("B-%05d", i%fleet), i/fleet
		fix := argos.NewFix(id, yesterday+int64(n)*1000, 52+float64(n)*9e-5, 13)
		fix.Speed, fix.Heading, fix.Accuracy = 10, 0, 4
		r := argos.Record{Fix: fix, Recv: time.Now().UnixMilli()}
		batch = append(batch, kafka.Message{Key: []byte(id), Value: wire.AppendRecord(nil, &r)})
		if len(batch) == 20_000 || i == fixes-1 {
			if err := w.WriteMessages(ctx, batch...); err != nil {
				return fmt.Errorf("write the backlog: %w", err)
			}
			batch = batch[:0]
		}
	}
	return nil
}
