package gateway

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"argos/cluster"
)

// producer writes batches to a topic: one in flight a partition, the same bytes again until the broker has answered for
// them, so that nothing is lost, nothing overtakes, and, by sequence numbers, nothing is stored twice.
type producer struct {
	topic   string
	client  *cluster.Client
	parts   []*partition
	trouble *incident
	m       *metrics

	stored  func(b *batch)                                             // is told of a batch that is in the log
	refused func(from *stream, ms int64, key, value []byte, why error) // of a record that Kafka will never take

	ctx  context.Context
	kill context.CancelFunc
	wg   sync.WaitGroup
}

// start begins to write what the partitions are given, each of which may hold share bytes.
func (p *producer) start(partitions int, share int64) {
	p.ctx, p.kill = context.WithCancel(context.Background())
	context.AfterFunc(p.ctx, func() {
		for _, q := range p.parts {
			q.kill()
		}
	})
	for i := range partitions {
		p.parts = append(p.parts, newPartition(i, share))
	}
	for _, q := range p.parts {
		p.wg.Go(func() { p.run(q) })
	}
}

// drain writes what there is and ends; the end of ctx ends it at once.
func (p *producer) drain(ctx context.Context) {
	for _, q := range p.parts {
		q.drain()
	}
	defer context.AfterFunc(ctx, p.kill)()
	p.wg.Wait()
	p.kill()
}

func (p *producer) run(q *partition) {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for b := q.next(t); b != nil; b = q.next(t) {
		if !p.deliver(q, b) {
			return
		}
	}
}

// deliver brings every record of a batch to its end: into the log, or refused for good. False: killed before that.
func (p *producer) deliver(q *partition, b *batch) bool {
	for todo := []*batch{b}; len(todo) > 0; {
		b, todo = todo[0], todo[1:]
		v := p.write(q, b)
		// An answer about records that the batch does not have says nothing about those that it has.
		maps.DeleteFunc(v.records, func(i int, _ error) bool { return i < 0 || i >= b.n })
		switch {
		case v.killed:
			return false
		case v.stored:
			p.confirm(b)
			q.release(b)
		case b.n == 1:
			p.refuse(b, v.reason)
			q.release(b)
		case len(v.records) > 0:
			bad := b.pick(func(i int) bool { return v.records[i] != nil })
			p.refuse(bad, v.reason)
			q.release(bad)
			if rest := b.pick(func(i int) bool { return v.records[i] == nil }); rest.n > 0 {
				todo = append([]*batch{rest}, todo...)
			}
		default: // too large, or bad without saying where: the halves will tell
			low, high := b.pick(func(i int) bool { return i < b.n/2 }), b.pick(func(i int) bool { return i >= b.n/2 })
			todo = append([]*batch{low, high}, todo...)
		}
	}
	return true
}

// confirm tells the streams of a batch that it is in the log, on all in-sync replicas.
func (p *producer) confirm(b *batch) {
	p.stored(b)
	for _, o := range b.origins {
		if o.from != nil {
			o.from.finish(o.first, o.n, o.bytes)
		}
	}
}

// refuse tells the streams of a batch that Kafka will never take its records.
func (p *producer) refuse(b *batch, why error) {
	why = fmt.Errorf("Kafka does not take this record: %w", why)
	b.each(func(_ int, ms int64, key, value []byte, from *stream, number uint64) {
		p.refused(from, ms, key, value, why)
		if from != nil {
			from.fail(number, len(key)+len(value), why)
		}
	})
}
