package gateway

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// incident is a time in which at least one partition cannot be written. It is logged when it begins and when it ends, not
// at every attempt: those have a metric.
type incident struct {
	log   *slog.Logger
	topic string

	mu    sync.Mutex
	open  int // partitions
	since time.Time
	err   error // of the first
}

func (i *incident) begin(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.open++; i.open == 1 {
		i.since, i.err = time.Now(), err
		i.log.Warn("Kafka does not take records; senders wait and nothing is acked until it does", "topic", i.topic, "error", err)
	}
}

func (i *incident) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.open--; i.open == 0 {
		i.log.Info("Kafka takes records again", "topic", i.topic, "after", time.Since(i.since).Round(time.Millisecond))
	}
}

// last is why records are not taken at present; nil when they are.
func (i *incident) last() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.open == 0 {
		return nil
	}
	return fmt.Errorf("Kafka has not taken records for %v: %w", time.Since(i.since).Round(time.Second), i.err)
}
