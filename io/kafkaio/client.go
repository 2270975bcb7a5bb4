// Package kafkaio reads the log and writes to it: the source of the pipeline, its low-water mark and its dead letters as
// Beam transforms over kafka-go, and plain reading and administration without Beam.
//
// One run of a pipeline shares a Job in the process: read.go polls through the Job's readers (reader.go), lowwater.go
// tells the Job what is stored, and the source does not run far ahead of that.
package kafkaio

import (
	"context"
	"log/slog"
	"time"
)

// backoff doubles from 20 ms to 1 s. Its zero value is ready.
type backoff time.Duration

// wait pauses for the next step; false: the context ended first.
func (b *backoff) wait(ctx context.Context) bool {
	*b = min(max(2*(*b), backoff(20*time.Millisecond)), backoff(time.Second))
	t := time.NewTimer(time.Duration(*b))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// incident is a trouble that lasts: one log line when it begins and one when it is over, whatever is tried in between.
type incident struct {
	what  string
	since time.Time
	tries int
}

func (i *incident) failed(err error, args ...any) {
	if i.tries++; i.tries == 1 {
		i.since = time.Now()
		slog.Warn(i.what+" fails, and is tried again", append(args, "error", err)...)
	}
}

func (i *incident) over(args ...any) {
	if i.tries > 0 {
		slog.Info(i.what+" works again", append(args, "tries", i.tries, "after", time.Since(i.since).Round(time.Millisecond))...)
		*i = incident{what: i.what}
	}
}
