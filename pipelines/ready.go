package pipelines

import (
	"context"
	"errors"
	"fmt"

	"argos/io/storeio"
)

// Ready is why a record that came into the log now would not be stored soon: no job runs, or the log or the store does not do its
// part.
func (l *Live) Ready(ctx context.Context) error {
	select {
	case <-l.done:
		return fmt.Errorf("the pipeline has ended: %w", l.err)
	default:
	}
	l.mu.Lock()
	job := l.job
	l.mu.Unlock()
	if job == nil {
		return errors.New("no job runs at present; the log says why the last one failed")
	}
	if err := l.assignment.member.Ready(); err != nil {
		return err
	}
	if err := storeio.Trouble(); err != nil {
		return err
	}
	if err := l.store.Ping(ctx); err != nil {
		return fmt.Errorf("the store does not answer: %w", err)
	}
	if err := job.Reach(ctx, l.cfg.Kafka, l.cfg.Topic); err != nil {
		return fmt.Errorf("Kafka does not answer: %w", err)
	}
	if err := job.DeadLetterTrouble(); err != nil {
		return fmt.Errorf("the pipeline waits, for its marks do not pass a dead letter that is not written: %w", err)
	}
	return nil
}
