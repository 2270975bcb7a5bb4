package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/retry"
)

// Scan hands the records [from, to) of a partition to each, in order. A record's value is valid until each returns, and
// what each returns ends the scan. What retention has taken is a *TakenError; a range beyond the log's end is an error
// too. A broker that fails is asked again for some seconds.
func Scan(ctx context.Context, at cluster.Config, topic string, partition int, from, to int64, each func(argos.LogRecord) error) error {
	c, err := at.Client(topic)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Partitions(ctx, topic); err != nil {
		return err
	}
	var stop error // what each returned
	visit := func(r argos.LogRecord) error {
		if r.Offset < to {
			stop = each(r)
		}
		return stop
	}
	f := fetcher{client: c, topic: topic, partition: partition}
	progress, pause := time.Now(), retry.Backoff(0)
	for from < to {
		next, end, err := f.page(ctx, from, visit)
		switch {
		case stop != nil:
			return stop
		case errors.Is(err, kafka.OffsetOutOfRange):
			err = f.outOfRange(ctx, from)
		case err == nil && next == from:
			return fmt.Errorf("topic %s, partition %d ends at offset %d, before %d", topic, partition, end, to)
		case err == nil:
			from, progress, pause = next, time.Now(), 0
			continue
		}
		if final(err) || time.Since(progress) > settling || !pause.Wait(ctx) {
			return err
		}
	}
	return nil
}
