package flink

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"argos/runner/flink/jobmanager"
)

const (
	appearWithin = 2 * time.Minute // for a job to appear after its submission: the job server sends 200 MB before it
	lookEvery    = 500 * time.Millisecond
)

// Job is a streaming job on a Flink cluster.
type Job struct {
	Name string
	// Refused, if not nil, says of a failure that the cluster would get over by itself, by its trace, why the job is
	// not to go on.
	Refused func(ctx context.Context, trace string) error

	on   Config
	log  *slog.Logger
	id   string       // Flink's
	end  func()       // ends workers in this process
	back bool         // another command has submitted it
	done <-chan error // of the job server; nil: another command's
}

// Job is one that the cluster has already, from another command.
func (f Config) Job(j *jobmanager.Job, log *slog.Logger) *Job {
	return &Job{Name: j.Name, on: f, log: log, id: j.ID, end: func() {}, back: true}
}

// Submit gives the job server a streaming pipeline as a job of a name of its own. Once workers in this process have
// ended, ended is called. The connection has to last until the job has appeared.
func (s *JobServer) Submit(
	ctx context.Context,
	f Config,
	name string,
	p *beam.Pipeline,
	log *slog.Logger,
	ended func(),
) (*Job, error) {
	j := &Job{Name: name, on: f, log: log, end: func() {}}
	var env *pipepb.Environment
	var err error
	if f.Loopback {
		var stop func()
		env, stop, err = loopback(ctx)
		if err != nil {
			return nil, err
		}
		j.end = func() {
			stop()
			ended()
		}
	} else if env, err = bakedIn(ctx, f); err != nil {
		return nil, err
	}
	id, err := s.submit(ctx, p, env, name, f.Parallelism, f.options(name))
	if err != nil {
		j.end()
		return nil, err
	}
	j.done = s.follow(ctx, id)
	return j, nil
}

// Appear returns when the cluster has a job that was submitted; one that does not appear is withdrawn.
func (j *Job) Appear(ctx context.Context) error {
	err := j.appear(ctx, j.done)
	if err != nil {
		err = errors.Join(err, j.on.Withdraw(ctx, j.Name, j.done))
		j.end()
	}
	return err
}

// Runs says that all of the job runs.
func (j *Job) Runs(ctx context.Context) error {
	d, err := j.on.Cluster.Job(ctx, j.id)
	if err == nil && !d.AllRun() {
		err = fmt.Errorf("job %s does not run with all of its stages: its state is %s", j.Name, d.State)
	}
	return err
}

// Unique ends the name of a job where others have jobs, too.
func Unique() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// appear waits until Flink has the job. What keeps it from that is the job server's to say.
func (j *Job) appear(ctx context.Context, ended <-chan error) error {
	late := time.NewTimer(appearWithin)
	defer late.Stop()
	for {
		jobs, err := j.on.Cluster.Jobs(ctx) // none if it fails: the next look may not
		if i := slices.IndexFunc(jobs, func(x jobmanager.Job) bool { return x.Name == j.Name && !x.State.Ended() }); i >= 0 {
			j.id = jobs[i].ID
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the job server could not start the job: %s", j.reason(ctx, err))
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("wait for the job on the cluster: %w", ctx.Err())
		case <-late.C:
			return errors.Join(
				fmt.Errorf(
					"the job does not appear on the cluster at %s, though the job server at %s has taken it: do both mean the same cluster?",
					j.on.Cluster,
					j.on.JobServer,
				),
				err,
			)
		}
	}
}

// reason is why a job did not start: what Flink says of it goes before what the job server does.
func (j *Job) reason(ctx context.Context, err error) string {
	jobs, _ := j.on.Cluster.Jobs(ctx) //nolint:errcheck // then the job server's words have to do
	for _, x := range jobs {
		if f, err := j.on.Cluster.LastFailure(ctx, x.ID); x.Name == j.Name && err == nil && f.Trace != "" {
			return explain(f.Trace, j.on)
		}
	}
	if err == nil {
		return "it says no reason"
	}
	return explain(err.Error(), j.on)
}

// pause lies between two looks at the cluster. It says whether ctx goes on.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(lookEvery):
		return true
	case <-ctx.Done():
		return false
	}
}
