package kafkaio

import (
	"context"
	"errors"
	"fmt"

	"argos"
)

// ErrOvertaken says that the store's mark of a partition lies behind what this job has stored of it, or belongs to
// another epoch: what the job knows is of no use, and a new one has to begin at the store's marks.
var ErrOvertaken = errors.New("the store's mark is not one that the job can go on from")

// Disown stops the source from handing out more of a partition, which another process may own from now on. What was
// handed out still goes its way: the store's guard and the marks, which only rise, make that harmless.
func (j *Job) Disown(partition int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.partitions[partition].owned = false
	if r := j.readers[partition]; r != nil {
		r.stop()
		delete(j.readers, partition)
	}
	forgetPartition(partition)
}

// Release disowns partitions and returns when all that was handed out of them is stored and so are their marks: where
// the next owner begins.
func (j *Job) Release(ctx context.Context, partitions ...int) error {
	for _, p := range partitions {
		j.Disown(p)
	}
	return j.Idle(ctx, partitions...)
}

// Own lets the source read a partition from the store's mark on, in a new term. What was handed out in an earlier
// term is waited for, for it may move the store's mark: the mark is to be read after Idle.
func (j *Job) Own(m argos.Mark, epoch int32) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if m.Partition < 0 || int(m.Partition) >= len(j.partitions) {
		return fmt.Errorf("%w: partition %d of %d", ErrOvertaken, m.Partition, len(j.partitions))
	}
	p := &j.partitions[m.Partition]
	switch {
	case m.Epoch != epoch:
		return fmt.Errorf(
			"%w: partition %d is in epoch %d and the job in %d",
			ErrOvertaken,
			m.Partition,
			m.Epoch,
			epoch,
		)
	case m.Offset < p.tracker.mark:
		return fmt.Errorf(
			"%w: partition %d is stored to offset %d, and the store says %d",
			ErrOvertaken,
			m.Partition,
			p.tracker.mark,
			m.Offset,
		)
	case len(p.sent) > 0:
		return fmt.Errorf("%w: %d polls of partition %d are under way", ErrOvertaken, len(p.sent), m.Partition)
	}
	*p = partition{owned: true, term: p.term + 1, start: m.Offset, tracker: markTracker{mark: m.Offset}, time: m.Time}
	markOffset.WithLabelValues(label(int(m.Partition))).Set(float64(m.Offset))
	return nil
}

// Idle returns when all that was handed out of partitions is stored, and the marks that say so. Of those that the job
// does not own, the store's marks are then the newest that there are.
func (j *Job) Idle(ctx context.Context, partitions ...int) error {
	for _, p := range partitions {
		if err := j.stored(ctx, p); err != nil {
			return err
		}
	}
	return j.FlushMarks(ctx)
}

// stored waits until nothing of a partition is under way.
func (j *Job) stored(ctx context.Context, partition int) error {
	for {
		j.mu.Lock()
		polls, advanced := len(j.partitions[partition].sent), j.advanced
		j.mu.Unlock()
		if polls == 0 {
			return nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("%d polls of partition %d are not stored: %w", polls, partition, ctx.Err())
		}
	}
}

// CommitBy has the marks of the owned partitions told to Kafka's consumer group by its member, each second. It is to
// be called before the job runs.
func (j *Job) CommitBy(commit func(ctx context.Context, marks map[int32]int64) error) {
	j.commit = commit
}

func (j *Job) ownedMarks() map[int32]int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	marks := map[int32]int64{}
	for p := range j.partitions {
		if at := &j.partitions[p]; at.owned {
			marks[int32(p)] = at.tracker.mark
		}
	}
	return marks
}
