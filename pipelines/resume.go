package pipelines

import (
	"context"
	"errors"
	"fmt"
	"time"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

// ErrRefused says that the log and the store do not fit together, and that a person has to decide; the error names the steps.
var ErrRefused = errors.New("refuse to start")

// start is where a job begins: an offset a partition, in an epoch of the topic.
type start struct {
	epoch   int32
	offsets []int64
}

// resume returns where the store says that the log has been stored to, and otherwise the earliest records. It writes that down,
// so that the store always has a mark of each partition.
func resume(ctx context.Context, store argos.Store, cfg Config) (start, error) {
	// The marks first: another pipeline, which should not be there, may move them beyond a log's end that was read before.
	marks, err := store.Marks(ctx, cfg.Topic)
	if err != nil {
		return start{}, fmt.Errorf("read the marks of topic %s: %w", cfg.Topic, err)
	}
	log, err := kafkaio.Offsets(ctx, cfg.Kafka, cfg.Topic)
	if err != nil {
		return start{}, fmt.Errorf("ask Kafka for topic %s: %w", cfg.Topic, err)
	}
	if n := cfg.shards(len(log)); n < 0 || n%len(log) != 0 {
		return start{}, fmt.Errorf("%w: %d shards for the %d partitions of topic %s: want a multiple of the partitions", ErrRefused, n, len(log), cfg.Topic)
	}
	from, err := begin(cfg, marks, log)
	if err != nil {
		return start{}, err
	}
	if err := recognise(ctx, cfg, marks, from, log); err != nil {
		return start{}, err
	}
	marks = marks[:0]
	for p, o := range from.offsets {
		marks = append(marks, argos.Mark{Topic: cfg.Topic, Partition: int32(p), Epoch: from.epoch, Offset: o})
	}
	if err := store.SetMarks(ctx, marks); err != nil {
		return start{}, fmt.Errorf("write the marks of topic %s: %w", cfg.Topic, err)
	}
	return from, nil
}

// recognise fails unless the log's records just below where the job starts are those that the store has seen there: a topic that was
// remade grows beyond the marks of the old one in time. What retention has taken can't be compared.
func recognise(ctx context.Context, cfg Config, marks []argos.Mark, from start, log []cluster.Range) error {
	for _, m := range marks {
		p, below := int(m.Partition), m.Offset-1
		if m.Time == 0 || m.Epoch != from.epoch || p >= len(log) || from.offsets[p] != m.Offset || below < log[p].First {
			continue
		}
		now := m.Time
		err := kafkaio.Scan(ctx, cfg.Kafka, cfg.Topic, p, below, m.Offset, func(r argos.LogRecord) error {
			now = r.Time
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the last stored record of topic %s, partition %d: %w", cfg.Topic, p, err)
		}
		if now != m.Time {
			return fmt.Errorf("%w: the record at offset %d of topic %s, partition %d, is of %s and the store has seen one of %s there, so the topic was remade; %s",
				ErrRefused, below, cfg.Topic, p, instant(now), instant(m.Time), remade)
		}
	}
	return nil
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// begin decides where to start, from the marks of the store and from what the log holds.
func begin(cfg Config, marks []argos.Mark, log []cluster.Range) (start, error) {
	from := start{offsets: make([]int64, len(log))}
	for p := range log {
		from.offsets[p] = log[p].First
	}
	all := marks
	marks, from.epoch = newest(all)
	switch {
	case len(marks) == 0:
		return from, nil
	case cfg.NewEpoch:
		from.epoch++
		return from, nil
	case len(marks) > len(log):
		return start{}, fmt.Errorf("%w: topic %s has %d partitions and the store knows %d, so the topic was remade; %s",
			ErrRefused, cfg.Topic, len(log), len(marks), remade)
	case len(marks) < len(log) && !cfg.AcceptPartitions:
		return start{}, fmt.Errorf("%w: topic %s has grown from %d to %d partitions, so its trucks have moved between them; %s",
			ErrRefused, cfg.Topic, len(marks), len(log), grown)
	}
	if len(marks) < len(log) {
		for _, m := range all { // else its partition would be read from the beginning, on top of what is stored of it
			if m.Epoch < from.epoch && int(m.Partition) < len(log) {
				return start{}, fmt.Errorf("%w: the store's mark of partition %d of topic %s is of epoch %d and others are of epoch %d: "+
					"a start with --accept-partitions was cut off between them, or the topic had more partitions once; only --new-epoch is left",
					ErrRefused, m.Partition, cfg.Topic, m.Epoch, from.epoch)
			}
		}
	}
	for _, m := range marks {
		p := int(m.Partition)
		if p >= len(log) {
			return start{}, fmt.Errorf("%w: the store has a mark of partition %d and topic %s has only %d; %s", ErrRefused, p, cfg.Topic, len(log), remade)
		}
		if m.Offset > log[p].Last {
			return start{}, fmt.Errorf("%w: partition %d of topic %s ends at offset %d and the store has it up to %d, so the topic was remade or the broker lost data; %s",
				ErrRefused, p, cfg.Topic, log[p].Last, m.Offset, remade)
		}
		if len(marks) < len(log) && m.Offset < log[p].Last {
			return start{}, fmt.Errorf("%w: partition %d of topic %s is stored up to offset %d of %d, and a topic that has grown must have been drained before; %s",
				ErrRefused, p, cfg.Topic, m.Offset, log[p].Last, grown)
		}
		from.offsets[p] = m.Offset // retention may have taken it: the source counts the gap
	}
	if len(marks) < len(log) {
		// A truck may now live in another partition, whose offsets say nothing about its old ones.
		from.epoch++
	}
	return from, nil
}

const (
	remade = "if it was remade on purpose, start once with --new-epoch, which reads the topic from its beginning on top of the stored documents"
	grown  = "stop the gateways, let the pipeline store everything, grow the topic, start the pipeline once with --accept-partitions, then the gateways"
)

// newest returns the marks of the newest epoch and that epoch.
func newest(marks []argos.Mark) (of []argos.Mark, epoch int32) {
	for _, m := range marks {
		epoch = max(epoch, m.Epoch)
	}
	for _, m := range marks {
		if m.Epoch == epoch {
			of = append(of, m)
		}
	}
	return of, epoch
}
