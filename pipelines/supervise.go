package pipelines

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"argos/io/kafkaio"
	"argos/runner"
	"argos/runner/prism"
	"argos/transforms/fleet"
)

// A failed job is tried again after firstPause, doubling to lastPause; one that has moved the marks starts the count anew.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 5 * time.Second
)

// supervise runs job after job, each from the marks that the last one left, until one drains: when running ends. When alive
// does, what is under way is dropped.
func (l *Live) supervise(running, alive context.Context) error {
	log, pause, last := l.cfg.Log, firstPause, ""
	for {
		before := l.Marks()
		err := l.attempt(running, alive)
		if errors.Is(err, errNextLayout) {
			continue
		}
		if err == nil || alive.Err() != nil || errors.Is(err, ErrRefused) || errors.Is(err, errDrain) {
			return err
		}
		if !slices.Equal(before, l.Marks()) {
			pause, last = firstPause, ""
		}
		restarts.Inc()
		if why := samePort(runner.Cause(err)); why != last {
			log.Error("the pipeline failed; it goes on from the marks", "error", why)
			last = why
		}
		select {
		case <-running.Done():
			return errors.Join(errDrain, err)
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// errDrain says that the end was not waited for.
var errDrain = errors.New("not all that was under way could be stored; the next run reads it again")

// attempt runs one job from the marks: nil when it has drained.
func (l *Live) attempt(running, alive context.Context) (err error) {
	from, err := resume(alive, l.store, l.cfg)
	if err != nil {
		return err
	}
	if from.next != nil {
		return readOut(running, alive, l.store, l.cfg, from, l.attend)
	}
	name := fmt.Sprintf("%s.%d", l.cfg.name, runs.Add(1))
	job := kafkaio.NewJob(name, from.offsets)
	for p := range from.offsets {
		job.Disown(p) // until the group says that it is ours
	}
	partitionsThere.Set(float64(len(from.offsets)))
	job.CommitBy(l.assignment.member.Commit)
	l.attend(job)
	fleet.Follow(name, func(partition int32) int64 { return job.Mark(int(partition)) })
	defer func() {
		l.attend(nil)
		fleet.Forget(name)
		if closeErr := job.Close(); err == nil {
			err = closeErr
		}
	}()
	ctx, cancel := context.WithCancelCause(alive)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel(nil)
	serving.Go(func() {
		if err := l.assignment.serve(ctx, job, len(from.offsets), from.epoch); err != nil {
			cancel(err)
		}
	})
	defer context.AfterFunc(running, func() {
		job.Drain()
		late := time.AfterFunc(l.cfg.DrainWithin, func() { cancel(fmt.Errorf("%w (waited %v)", errDrain, l.cfg.DrainWithin)) })
		context.AfterFunc(ctx, func() { late.Stop() })
	})()
	l.cfg.Log.Info("the pipeline runs", "job", name, "topic", l.cfg.Topic, "partitions", len(from.offsets), "epoch", from.epoch)
	if err = prism.Run(ctx, name, live(l.cfg, name, from, onPrism), prism.NoSplit); ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && running.Err() == nil {
		return errors.New("the job ended by itself, though the log has no end")
	}
	return err
}

// attend makes a job the one whose marks are the pipeline's.
func (l *Live) attend(job *kafkaio.Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.job != nil {
		l.marks = l.job.Marks()
	}
	l.job = job
	l.assignment.attend(job)
}

// localPort is our end of a connection in what the network says of it: another port at each try of the same trouble.
var localPort = regexp.MustCompile(`(tcp [^ ]+):\d+->`)

func samePort(why string) string { return localPort.ReplaceAllString(why, "$1->") }
