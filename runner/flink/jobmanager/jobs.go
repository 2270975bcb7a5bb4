package jobmanager

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Job is a job as the list of jobs shows it.
type Job struct {
	ID    string `json:"jid"`
	Name  string `json:"name"`
	State State  `json:"state"`
	Start int64  `json:"start-time"` // ms
}

// State is that of a job, in Flink's words.
type State string

// States that matter here.
const (
	Running    State = "RUNNING"
	Cancelling State = "CANCELLING"
	Finished   State = "FINISHED"
	Canceled   State = "CANCELED"
	Failed     State = "FAILED"
)

// Ended says that nothing more comes of the job.
func (s State) Ended() bool { return s == Finished || s == Canceled || s == Failed }

// Jobs returns all jobs that the job manager knows, in no order.
func (c Cluster) Jobs(ctx context.Context) ([]Job, error) {
	var list struct{ Jobs []Job }
	if err := c.call(ctx, http.MethodGet, "/jobs/overview", nil, &list); err != nil {
		return nil, fmt.Errorf("list the jobs: %w", err)
	}
	return list.Jobs, nil
}

// Details are a job and its stages.
type Details struct {
	State    State `json:"state"`
	Vertices []struct {
		Name        string `json:"name"`
		Parallelism int    `json:"parallelism"`
		Status      State  `json:"status"`
	} `json:"vertices"`
}

// AllRun says that the job runs with every stage: one that still restores its state does not.
func (d *Details) AllRun() bool {
	for _, v := range d.Vertices {
		if v.Status != Running && v.Status != Finished {
			return false
		}
	}
	return d.State == Running && len(d.Vertices) > 0
}

// Job returns the details of a job.
func (c Cluster) Job(ctx context.Context, id string) (d Details, err error) {
	return d, c.call(ctx, http.MethodGet, "/jobs/"+id, nil, &d)
}

// Failure is why a job was last restarted or failed.
type Failure struct {
	At    time.Time
	Trace string // Java's
	Where string // the task manager, if it is known
}

// LastFailure returns the newest; a zero At: there was none.
func (c Cluster) LastFailure(ctx context.Context, id string) (Failure, error) {
	var of struct {
		History struct {
			Entries []struct {
				Timestamp  int64  `json:"timestamp"`
				Stacktrace string `json:"stacktrace"`
				Endpoint   string `json:"endpoint"`
			} `json:"entries"`
		} `json:"exceptionHistory"`
	}
	if err := c.call(ctx, http.MethodGet, "/jobs/"+id+"/exceptions", nil, &of); err != nil {
		return Failure{}, fmt.Errorf("ask why the job failed: %w", err)
	}
	if len(of.History.Entries) == 0 {
		return Failure{}, nil
	}
	e := of.History.Entries[0]
	return Failure{At: time.UnixMilli(e.Timestamp), Trace: e.Stacktrace, Where: e.Endpoint}, nil
}

// Cancel ends a job; what it has not checkpointed is done again by whoever goes on.
func (c Cluster) Cancel(ctx context.Context, id string) error {
	if err := c.call(ctx, http.MethodPatch, "/jobs/"+id+"?mode=cancel", nil, nil); err != nil {
		return fmt.Errorf("cancel the job: %w", err)
	}
	return nil
}
