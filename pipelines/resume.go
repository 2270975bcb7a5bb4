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

// ErrRefused says that the log and the store do not fit together, and that a person has to decide; the error names
// the steps.
var ErrRefused = errors.New("refuse to start")

// start is where a job begins: an offset a partition, in an epoch of the topic.
type start struct {
	epoch   int32
	offsets []int64
	next    []int64 // where the next layout begins, by partition, and so a job of this one ends; nil: it is the last
	have    int     // partitions of the topic
}

// found is what the store, the log and the layouts say at a time.
type found struct {
	marks   []argos.Mark
	log     []cluster.Range
	layouts []cluster.Layout
}

func find(ctx context.Context, store argos.Store, cfg Config) (f found, err error) {
	// The marks first: another pipeline, which should not be there, may move them beyond a log's end that was read
	// before.
	if f.marks, err = store.Marks(ctx, cfg.Topic); err != nil {
		return f, fmt.Errorf("read the marks of topic %s: %w", cfg.Topic, err)
	}
	if f.log, err = kafkaio.Offsets(ctx, cfg.Kafka, cfg.Topic); err != nil {
		return f, fmt.Errorf("ask Kafka for topic %s: %w", cfg.Topic, err)
	}
	f.layouts, err = cfg.Kafka.Layouts(ctx, cfg.Topic)
	return f, err
}

// hasGrown says whether the topic has partitions that nobody has accepted.
func (f found) hasGrown() bool {
	n := accepted(f.marks, f.layouts)
	return 0 < n && n < len(f.log)
}

// resume returns where the store says that the log has been stored to, and otherwise the earliest records. It writes
// that down, so that the store always has a mark of each partition. What another start has accepted meanwhile it
// takes.
func resume(ctx context.Context, store argos.Store, cfg Config) (start, error) {
	for {
		from, err := resumeOnce(ctx, store, cfg)
		if !errors.Is(err, cluster.ErrLayoutsChanged) {
			return from, err
		}
		cfg.Log.Info("another start was quicker to write down the topic's layouts; they are taken", "topic", cfg.Topic)
	}
}

func resumeOnce(ctx context.Context, store argos.Store, cfg Config) (start, error) {
	is, err := find(ctx, store, cfg)
	if err != nil {
		return start{}, err
	}
	if n := cfg.shards(len(is.log)); n < 0 || n%len(is.log) != 0 {
		return start{}, fmt.Errorf("%w: %d shards for the %d partitions of topic %s: want a multiple of the partitions",
			ErrRefused, n, len(is.log), cfg.Topic)
	}
	if cfg.AcceptPartitions && !cfg.NewEpoch && is.hasGrown() {
		if is, err = whenStill(ctx, store, cfg); err != nil {
			return start{}, err
		}
	}
	from, now, err := begin(cfg, is.marks, is.layouts, is.log)
	if err != nil {
		return start{}, err
	}
	if err := recognise(ctx, cfg, is.marks, from, is.log); err != nil {
		return start{}, err
	}
	if !cluster.SameLayouts(now, is.layouts) {
		if err := cfg.Kafka.SetLayouts(ctx, cfg.Topic, is.layouts, now); err != nil {
			return start{}, err
		}
	}
	return from, from.write(ctx, store, cfg.Topic, len(from.offsets)-1)
}

// marks say that a job begins here.
func (s start) marks(topic string) []argos.Mark {
	marks := make([]argos.Mark, len(s.offsets))
	for p, o := range s.offsets {
		marks[p] = argos.Mark{Topic: topic, Partition: int32(p), Epoch: s.epoch, Offset: o}
	}
	return marks
}

// recognise fails unless the log's records just below where the job starts are those that the store has seen there: a
// topic that was remade grows beyond the marks of the old one in time. What retention has taken can't be compared.
func recognise(ctx context.Context, cfg Config, marks []argos.Mark, from start, log []cluster.Range) error {
	for _, m := range marks {
		p, below := int(m.Partition), m.Offset-1
		if m.Time == 0 || m.Epoch != from.epoch || p >= len(log) || from.offsets[p] != m.Offset ||
			below < log[p].First {
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
			return fmt.Errorf(
				"%w: the record at offset %d of topic %s, partition %d, is of %s and the store has seen one of %s there, so the topic was remade; %s",
				ErrRefused,
				below,
				cfg.Topic,
				p,
				instant(now),
				instant(m.Time),
				remade,
			)
		}
	}
	return nil
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// begin decides where to start, from the marks of the store, the layouts that were accepted, and what the log holds. It
// returns the layouts as they are accepted now.
func begin(cfg Config, all []argos.Mark, known []cluster.Layout, log []cluster.Range) (start, []cluster.Layout, error) {
	anew := start{offsets: make([]int64, len(log)), have: len(log)}
	for p := range log {
		anew.offsets[p] = log[p].First
	}
	marks, epoch := newest(all)
	if cfg.NewEpoch {
		if anew.epoch = epoch; len(marks) > 0 {
			anew.epoch++
		}
		return anew, []cluster.Layout{{Partitions: len(log)}}, nil
	}
	if n := accepted(marks, known); n > len(log) {
		return start{}, nil, fmt.Errorf("%w: topic %s has %d partitions and had %d, so the topic was remade; %s",
			ErrRefused, cfg.Topic, len(log), n, remade)
	} else if n > 0 && n < len(log) && !cfg.AcceptPartitions {
		return start{}, nil, fmt.Errorf("%w: topic %s has grown from %d to %d partitions, "+
			"so its trucks have moved between them; %s", ErrRefused, cfg.Topic, n, len(log), grown)
	}
	known = grow(marks, known, log)
	from, err := place(all, known, log)
	if err != nil {
		return start{}, nil, fmt.Errorf("%w: topic %s: %w", ErrRefused, cfg.Topic, err)
	}
	for p, o := range from.offsets {
		if o > log[p].Last {
			return start{}, nil, fmt.Errorf(
				"%w: partition %d of topic %s ends at offset %d and the store has it up to %d, "+
					"so the topic was remade or the broker lost data; %s",
				ErrRefused,
				p,
				cfg.Topic,
				log[p].Last,
				o,
				remade,
			)
		}
	}
	return from, known, nil
}

const (
	remade = "if it was remade on purpose, start once with --new-epoch, " +
		"which reads the topic from its beginning on top of the stored documents"
	grown = "stop the gateways, start the pipeline once with --accept-partitions, " +
		"which stores first what was written before, then start the gateways"
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
