package kafkaio

import (
	"context"
	"fmt"
	"sync"
	"time"

	"argos"
	"argos/cluster"
)

// Job is what one run of a pipeline shares in the process: the readers of its partitions, how far each partition was
// handed out and how far it is stored.
type Job struct {
	name   string
	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu         sync.Mutex
	closed     bool
	draining   bool
	partitions []partition
	readers    map[int]*reader
	clients    map[string]*cluster.Client // by topic
	advanced   chan struct{}              // closed, and made anew, when a mark moves
	markWriter *markWriter
	commit     func(context.Context, map[int32]int64) error // see CommitBy
}

// Drain lets the source end: what was handed out is still finished, and then the pipeline ends by itself.
func (j *Job) Drain() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.draining = true
}

func (j *Job) isDraining() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.draining
}

// Close stops what the job runs, waits for it, and writes the marks a last time. The error says that they could not be
// written; nothing is lost by that, the next run only starts further back.
func (j *Job) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	jobs.Delete(j.name)
	j.cancel()
	j.tasks.Wait()
	var err error
	if j.markWriter != nil {
		err = j.markWriter.close()
	}
	for _, c := range j.clients {
		c.Close()
	}
	return err
}

// Mark is the partition's low-water mark: everything below it is stored.
func (j *Job) Mark(partition int) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.partitions[partition].tracker.mark
}

// Marks are the low-water marks by partition.
func (j *Job) Marks() []int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	marks := make([]int64, len(j.partitions))
	for p := range marks {
		marks[p] = j.partitions[p].tracker.mark
	}
	return marks
}

// marksAt are the marks as the store keeps them.
func (j *Job) marksAt(topic string, epoch int32) []argos.Mark {
	j.mu.Lock()
	defer j.mu.Unlock()
	marks := make([]argos.Mark, len(j.partitions))
	for p := range marks {
		at := &j.partitions[p]
		marks[p] = argos.Mark{Topic: topic, Partition: int32(p), Epoch: epoch, Offset: at.tracker.mark, Time: at.time}
	}
	return marks
}

// Unconfirmed is what of a partition was handed to the pipeline and is not known to be stored.
func (j *Job) Unconfirmed(partition int) (records int, bytes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := &j.partitions[partition]
	return p.records, p.bytes
}

// WaitMarks waits until each partition's mark has reached the given offset.
func (j *Job) WaitMarks(ctx context.Context, offsets []int64) error {
	for {
		j.mu.Lock()
		behind := 0
		for p, o := range offsets {
			if j.partitions[p].tracker.mark < o {
				behind++
			}
		}
		advanced := j.advanced
		j.mu.Unlock()
		if behind == 0 {
			return nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("%d partitions are not stored to the offsets waited for: %w", behind, ctx.Err())
		}
	}
}

// client is the job's client for a topic.
func (j *Job) client(at cluster.Config, topic string) (*cluster.Client, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.clientLocked(at, topic)
}

func (j *Job) clientLocked(at cluster.Config, topic string) (*cluster.Client, error) {
	if j.closed {
		return nil, fmt.Errorf("job %q is closed", j.name)
	}
	if j.clients[topic] == nil {
		c, err := at.Client(topic)
		if err != nil {
			return nil, err
		}
		j.clients[topic] = c
	}
	return j.clients[topic], nil
}

// Reach fails unless Kafka answers for each of the job's partitions now.
func (j *Job) Reach(ctx context.Context, at cluster.Config, topic string) error {
	c, err := j.client(at, topic)
	if err != nil {
		return err
	}
	return c.Reach(ctx, topic, len(j.partitions))
}

// reader is the reader of a partition that the job owns, nil of another, at an offset or where the present term
// begins if that is above. A reader that stands elsewhere is replaced: the runner has gone back to a checkpoint of
// its own, or the partition was another's.
func (j *Job) reader(cfg *ReadConfig, partition int, from int64) (r *reader, term int32, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if partition < len(j.partitions) && !cfg.Spread {
		p := &j.partitions[partition]
		if !p.owned {
			return nil, 0, nil
		}
		from, term = max(from, p.start), p.term
	}
	r = j.readers[partition]
	if r != nil && r.at() == from {
		return r, term, nil
	}
	client, err := j.clientLocked(cfg.Kafka, cfg.Topic)
	if err != nil {
		return nil, term, err
	}
	if r != nil {
		readerRestarts.WithLabelValues(label(partition)).Inc()
		r.stop()
	}
	ctx, stop := context.WithCancel(j.ctx)
	r = &reader{
		fetcher:    fetcher{client: client, topic: cfg.Topic, partition: partition},
		partitions: cfg.Have, end: cfg.end(partition), maxRecords: 2 * cfg.PollRecords, maxBytes: 2 * cfg.PollBytes,
		stop: stop, next: from, lastPoll: time.Now(), room: make(chan struct{}, 1),
	}
	j.readers[partition] = r
	j.tasks.Go(func() { r.run(ctx, from) })
	return r, term, nil
}

// moved notes how far a partition is stored, where its mark tracker is kept in the runner's state.
func (j *Job) moved(of int, mark int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for of >= len(j.partitions) {
		j.partitions = append(j.partitions, partition{})
	}
	w := &j.partitions[of].tracker
	if mark <= w.mark {
		return
	}
	w.mark = mark
	markOffset.WithLabelValues(label(of)).Set(float64(mark))
	close(j.advanced)
	j.advanced = make(chan struct{})
}

// handOut notes that a poll goes into the pipeline, if the partition is still owned and the poll can be claimed.
func (j *Job) handOut(partition int, term int32, poll sent, claim func() bool) (owned, claimed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := &j.partitions[partition]
	if !p.owned || p.term != term {
		return false, false
	}
	if !claim() {
		return true, false
	}
	p.handedOut(poll)
	return true, true
}

// acknowledge notes that a part of a poll is stored.
func (j *Job) acknowledge(p argos.Part) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if int(p.Partition) >= len(j.partitions) || p.Partition < 0 {
		return fmt.Errorf("%w: a part of partition %d, of %d", argos.ErrEncoding, p.Partition, len(j.partitions))
	}
	moved, err := j.partitions[p.Partition].acknowledge(p)
	if moved {
		close(j.advanced)
		j.advanced = make(chan struct{})
	}
	return err
}
