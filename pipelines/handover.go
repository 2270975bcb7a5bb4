package pipelines

import (
	"context"
	"errors"
	"fmt"
	"time"

	"argos"
	"argos/io/kafkaio"
	"argos/retry"
)

// attend makes a job the one that gets the partitions; nil: none runs.
func (a *assignment) attend(job *kafkaio.Job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.job = job
	clear(a.owned)
	partitionsOwned.Set(0)
	a.wake()
}

// serve hands the job the partitions that are the worker's, as they come, until the context ends. It fails when the
// job can't go on from the store's marks.
func (a *assignment) serve(ctx context.Context, job *kafkaio.Job, partitions int, epoch int32) error {
	pause, trouble := retry.Backoff(0), retry.Incident{What: "reading the marks of assigned partitions", Log: a.log}
	look := time.NewTicker(lookForEpoch)
	defer look.Stop()
	for {
		var err error
		select {
		case <-look.C:
			if err := a.sameEpoch(ctx, epoch); err != nil {
				return err
			}
			continue
		case <-a.changed:
			err = a.hand(ctx, job, partitions, epoch)
		case <-ctx.Done():
			return nil
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, kafkaio.ErrOvertaken):
			return err
		case err != nil:
			trouble.Failed(err)
			pause.WaitAtMost(ctx, lastPause)
			a.wake()
		default:
			trouble.Over()
			pause = 0
		}
	}
}

// sameEpoch fails if the store has a mark of a later epoch: those of the job would be ignored from then on. A store
// that does not answer is others' to tell of.
func (a *assignment) sameEpoch(ctx context.Context, epoch int32) error {
	marks, err := a.store.Marks(ctx, a.topic)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	for _, m := range marks {
		if m.Epoch > epoch {
			return fmt.Errorf(
				"%w: partition %d is in epoch %d and the job in %d",
				kafkaio.ErrOvertaken,
				m.Partition,
				m.Epoch,
				epoch,
			)
		}
	}
	return nil
}

// hand gives the job what is the worker's and not the job's yet.
func (a *assignment) hand(ctx context.Context, job *kafkaio.Job, partitions int, epoch int32) error {
	a.mu.Lock()
	var todo []int
	for p := range a.mine {
		if !a.owned[p] && p < partitions { // the source itself notices a topic that has grown
			todo = append(todo, p)
		}
	}
	a.mu.Unlock()
	if len(todo) == 0 {
		return nil
	}
	if err := job.Idle(ctx, todo...); err != nil {
		return err
	}
	marks, err := a.store.Marks(ctx, a.topic)
	if err != nil {
		return fmt.Errorf("read the marks of topic %s: %w", a.topic, err)
	}
	if err := a.own(job, todo, marks, epoch); err != nil {
		return err
	}
	a.observe(ctx, todo)
	return nil
}

func (a *assignment) own(job *kafkaio.Job, todo []int, marks []argos.Mark, epoch int32) error {
	newest := map[int]argos.Mark{}
	for _, m := range marks {
		newest[int(m.Partition)] = m
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range todo {
		if !a.mine[p] { // it was asked back meanwhile
			continue
		}
		m, known := newest[p]
		if !known {
			return fmt.Errorf("%w: the store has no mark of partition %d", kafkaio.ErrOvertaken, p)
		}
		if err := job.Own(m, epoch); err != nil {
			return err
		}
		a.owned[p] = true
	}
	partitionsOwned.Set(float64(len(a.owned)))
	return nil
}

// observe measures how long partitions had no owner.
func (a *assignment) observe(ctx context.Context, partitions []int) {
	now := time.Now()
	last, err := a.member.LastOwned(ctx, partitions)
	if err != nil {
		a.log.Debug("how long partitions had no owner is not known", "error", err)
	}
	for _, t := range last {
		unownedSeconds.Observe(max(0, now.Sub(t).Seconds()))
	}
}
