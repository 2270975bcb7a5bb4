package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/cluster"
	"argos/retry"
)

// Retention takes the log from its start on. What lies between that and a partition's mark is what it may still take
// before it takes what is not stored: the headroom.
var (
	headroomRecords = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "argos_retention_headroom_records",
		Help: "Stored records that retention has not taken yet. Below 0: so many were taken before they were stored.",
	}, []string{"partition"})
	headroomSeconds = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "argos_retention_headroom_seconds",
		Help: "Time until retention takes a record that is not stored, if nothing more is stored and fixes come as before.",
	}, []string{"partition"})
	unstoredSeconds = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "argos_oldest_unstored_seconds", Help: "Age of the oldest record that is not stored; 0: all are.",
	}, []string{"partition"})
)

// HeadroomCollectors are the metrics that Headroom sets.
func HeadroomCollectors() []prometheus.Collector {
	return []prometheus.Collector{headroomRecords, headroomSeconds, unstoredSeconds}
}

const (
	headroomEvery   = 30 * time.Second
	headroomTimeout = 10 * time.Second
)

// Headroom follows how far retention is from what the store does not have yet, for all of a topic's partitions, until
// its context ends.
type Headroom struct {
	Kafka cluster.Config
	Topic string
	Store argos.Store

	client *cluster.Client
	limit  time.Duration // of a record's age; 0: none, or we may not know
	firsts map[int]first // by partition
}

// first is the log's first record.
type first struct {
	offset  int64
	written time.Time
}

// Follow sets the metrics now and again.
func (h *Headroom) Follow(ctx context.Context) {
	trouble := retry.Incident{What: "finding out how far retention is from what is not stored"}
	tick := time.NewTicker(headroomEvery)
	defer tick.Stop()
	defer func() {
		if h.client != nil {
			h.client.Close()
		}
	}()
	for {
		looking, cancel := context.WithTimeout(ctx, headroomTimeout)
		err := h.look(looking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			trouble.Failed(err, "topic", h.Topic)
		default:
			trouble.Over("topic", h.Topic)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look sets the metrics.
func (h *Headroom) look(ctx context.Context) (err error) {
	if h.client == nil {
		h.firsts = map[int]first{}
		if h.client, err = h.Kafka.Client(h.Topic); err != nil {
			return err
		}
	}
	partitions, err := h.client.Partitions(ctx, h.Topic)
	if err != nil {
		return err
	}
	if h.limit, err = h.client.Retention(ctx, h.Topic); err != nil {
		h.limit = 0 // we may not know it, as the gateway's log says of its like
	}
	all := make([]int, partitions)
	for p := range all {
		all[p] = p
	}
	// The log before the marks: they never lie above its end then, but for records that were written in between.
	log, err := h.client.Offsets(ctx, h.Topic, all...)
	if err != nil {
		return err
	}
	marks, err := h.Store.Marks(ctx, h.Topic)
	if err != nil {
		return fmt.Errorf("read the marks of topic %s: %w", h.Topic, err)
	}
	for _, m := range marks {
		if int(m.Partition) < len(log) {
			err = errors.Join(err, h.measure(ctx, m, log[m.Partition]))
		}
	}
	return err
}

// measure sets the metrics of a partition.
func (h *Headroom) measure(ctx context.Context, m argos.Mark, log cluster.Range) (err error) {
	p := int(m.Partition)
	now := time.Now()
	next := now // when the first record that is not stored was written
	if m.Offset < log.Last {
		if next, err = h.written(ctx, p, max(m.Offset, log.First)); err != nil {
			return err
		}
	}
	left, bounded := time.Duration(0), false
	if h.limit > 0 {
		left, bounded = h.limit-now.Sub(next), true
	}
	if log.First > 0 &&
		log.First < log.Last { // retention acts, by age or by size: it goes through the log as fast as that is written
		if h.firsts[p].offset != log.First {
			at, err := h.written(ctx, p, log.First)
			if err != nil {
				return err
			}
			h.firsts[p] = first{log.First, at}
		}
		if span := next.Sub(h.firsts[p].written); !bounded || span < left {
			left, bounded = span, true
		}
	}
	if m.Offset < log.First { // it has taken some already
		left = min(left, 0)
	}
	if bounded {
		headroomSeconds.WithLabelValues(label(p)).Set(left.Seconds())
	} else {
		headroomSeconds.DeleteLabelValues(label(p))
	}
	headroomRecords.WithLabelValues(label(p)).Set(float64(m.Offset - log.First))
	unstoredSeconds.WithLabelValues(label(p)).Set(max(0, now.Sub(next).Seconds()))
	return nil
}

// written is when the first record from an offset on was.
func (h *Headroom) written(ctx context.Context, partition int, offset int64) (time.Time, error) {
	f, found := fetcher{client: h.client, topic: h.Topic, partition: partition}, time.Time{}
	_, _, err := f.page(ctx, offset, func(r argos.LogRecord) error {
		found = time.UnixMilli(r.Time)
		return errFound
	})
	if errors.Is(err, errFound) {
		return found, nil
	}
	if err == nil { // a page of a foreign transaction's markers alone
		err = errStuck
	}
	return found, err
}

// errFound ends the reading of a page.
var errFound = errors.New("found")
