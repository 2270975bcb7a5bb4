package kafkaio

import (
	"context"
	"fmt"
	"sync"

	"argos/cluster"
)

// jobs holds the runs of this process by name. Beam forces it: its functions are sent to workers as plain data, so a
// name is all that can lead them to what they share.
var jobs sync.Map // string -> *Job

// NewJob registers a run that starts at the given offsets, by partition, and owns all of them (see Own). The name
// must not be in use: it is to be one of its own for each run, for functions of the last one may linger.
func NewJob(name string, starts []int64) *Job {
	j := newJob(name, starts)
	if _, taken := jobs.LoadOrStore(name, j); taken {
		panic("kafkaio: job " + name + " exists already")
	}
	return j
}

func newJob(name string, starts []int64) *Job {
	j := &Job{
		name:       name,
		partitions: make([]partition, len(starts)),
		readers:    map[int]*reader{},
		clients:    map[string]*cluster.Client{},
		advanced:   make(chan struct{}),
	}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	for p, start := range starts {
		j.partitions[p] = partition{owned: true, start: start, tracker: markTracker{mark: start}}
	}
	return j
}

// jobNamed leads a function to its job. Where a runner spreads the functions over processes of its own, each process
// makes the job for itself when its first function asks, and it lasts as long as the process.
func jobNamed(name string, spread bool) (*Job, error) {
	if j, ok := jobs.Load(name); ok {
		return j.(*Job), nil
	}
	if !spread {
		return nil, fmt.Errorf("job %q does not run in this process", name)
	}
	made := newJob(name, nil)
	j, there := jobs.LoadOrStore(name, made)
	if there {
		made.cancel()
	}
	return j.(*Job), nil
}

// Forget closes the job of this name that the functions have made in this process, if they have.
func Forget(name string) error {
	if j, err := jobNamed(name, false); err == nil {
		return j.Close()
	}
	return nil
}
