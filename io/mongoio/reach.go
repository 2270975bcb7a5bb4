package mongoio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"

	"go.mongodb.org/mongo-driver/v2/event"
)

// reach knows whether every host of the server refuses connections, so that a reader is told at once instead of when
// the search for a primary is given up. Who writes has the patience, for a server that is started anew.
type reach struct {
	mu      sync.Mutex
	hosts   []string
	refused map[string]error // by host

	up   context.Context // ends, with the reason as its cause, when every host refuses
	down context.CancelCauseFunc
}

func newReach() *reach {
	r := &reach{refused: map[string]error{}}
	r.up, r.down = context.WithCancelCause(context.Background())
	return r
}

// monitor tells r what the driver finds when it looks after its hosts, once a heartbeat.
func (r *reach) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{
		TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
			hosts := make([]string, 0, len(e.NewDescription.Servers))
			for _, s := range e.NewDescription.Servers {
				hosts = append(hosts, s.Addr.String())
			}
			r.note(func() { r.hosts = hosts })
		},
		ServerHeartbeatFailed: func(e *event.ServerHeartbeatFailedEvent) {
			r.note(func() {
				if delete(r.refused, hostOf(e.ConnectionID)); errors.Is(e.Failure, syscall.ECONNREFUSED) {
					r.refused[hostOf(e.ConnectionID)] = e.Failure
				}
			})
		},
		ServerHeartbeatSucceeded: func(e *event.ServerHeartbeatSucceededEvent) {
			r.note(func() { delete(r.refused, hostOf(e.ConnectionID)) })
		},
	}
}

// hostOf is the host of a connection, which the driver calls HOST:PORT[-NUMBER].
func hostOf(connection string) string {
	if i := strings.LastIndex(connection, "[-"); i >= 0 {
		return connection[:i]
	}
	return connection
}

func (r *reach) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	all := len(r.hosts) > 0 && !slices.ContainsFunc(r.hosts, func(h string) bool { return r.refused[h] == nil })
	switch ended := r.up.Err() != nil; {
	case all && !ended:
		r.down(fmt.Errorf("no MongoDB answers: %s: %w", strings.Join(r.hosts, ", "), syscall.ECONNREFUSED))
	case !all && ended:
		r.up, r.down = context.WithCancelCause(context.Background())
	}
}

// ask reads from the server, and gives up as soon as every host of it refuses connections.
func (r *reach) ask(ctx context.Context, read func(context.Context) error) error {
	r.mu.Lock()
	up := r.up
	r.mu.Unlock()
	if up.Err() != nil {
		return context.Cause(up)
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(up, cancel)()
	err := read(within)
	if err != nil && ctx.Err() == nil && up.Err() != nil {
		return context.Cause(up)
	}
	return err
}
