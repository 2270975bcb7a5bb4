package sender

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// outage is a time in which at least one connection is down. It is logged when it begins and when it ends, not at every attempt:
// those have a metric.
type outage struct {
	log *slog.Logger

	mu    sync.Mutex
	down  int // connections
	since time.Time
}

func (o *outage) begin(err error, unacked int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down++; o.down == 1 {
		o.since = time.Now()
		o.log.Warn("no connection to the gateway, trying again until there is", "error", err, "unacked", unacked)
	}
}

func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down--; o.down == 0 {
		o.log.Info("all connections to the gateway work again", "after", time.Since(o.since).Round(time.Millisecond))
	}
}

// Ready says that no connection is down. It asks nobody.
func (s *Sender) Ready(context.Context) error {
	o := &s.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down > 0 {
		return fmt.Errorf("%d of %d connections to the gateway are down since %s", o.down, s.cfg.Connections, o.since.UTC().Format(time.RFC3339))
	}
	return nil
}
