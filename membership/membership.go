// Package membership makes a worker a member of a Kafka consumer group, which divides a topic's partitions among its
// members. The group says who owns a partition and nothing else: records are read elsewhere, and where to begin is
// what the store's marks say. Nothing that must be exact rests on it: two owners of one partition are a waste of
// work, not an error.
//
// The protocol is that of cooperative rebalancing (KIP-429): a partition that moves is first let go by its owner, and
// only then given to the next; all others stay where they are.
package membership

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"argos/cluster"
)

const (
	// SessionTimeout is how long a member may not be heard of before its partitions go to others: the least that
	// brokers allow unless they are told otherwise (group.min.session.timeout.ms).
	SessionTimeout = 6 * time.Second
	// heartbeat bounds how long a member does not know of a rebalance, and so the time that a partition on its way is
	// nobody's.
	heartbeat = 300 * time.Millisecond
	// rebalanceWithin is how long a member may take to let go before the others go on without it.
	rebalanceWithin = 15 * time.Second
)

// Handler is told which partitions are the member's. Its calls come one after the other.
type Handler interface {
	// Assigned says that partitions are the member's from now on. It must not block.
	Assigned(partitions []int)
	// Revoked asks for partitions back. The next owner begins when it returns.
	Revoked(ctx context.Context, partitions []int)
	// Lost says that partitions are the member's no longer, and perhaps another's already: the group has not heard of
	// it for too long. It must not block.
	Lost(partitions []int)
}

// Config is what a member is told.
type Config struct {
	Kafka   cluster.Config
	Topic   string
	Group   string
	Handler Handler
	Log     *slog.Logger

	// Instance, if not empty, is the same for the process that takes this one's place after it has died, and for no
	// other at a time: it gets the partitions at once instead of after SessionTimeout (KIP-345).
	Instance string
}

// Member is a member of a group until it leaves.
type Member struct {
	cfg    Config
	client *kgo.Client
	stop   context.CancelFunc
	ended  chan struct{} // of the polls
	joined atomic.Bool
	failed atomic.Pointer[error] // the present trouble
}

// Join makes a member, which joins the group in the background. An error is about the configuration or its files.
func Join(cfg Config) (*Member, error) {
	m := &Member{cfg: cfg, ended: make(chan struct{})}
	options, err := cfg.Kafka.Franz()
	if err != nil {
		return nil, err
	}
	options = append(options,
		kgo.ConsumerGroup(cfg.Group), kgo.ConsumeTopics(cfg.Topic), kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()),
		kgo.SessionTimeout(SessionTimeout), kgo.HeartbeatInterval(heartbeat), kgo.RebalanceTimeout(rebalanceWithin),
		kgo.OnPartitionsAssigned(m.assigned), kgo.OnPartitionsRevoked(m.revoked), kgo.OnPartitionsLost(m.lost),
		kgo.WithHooks(m),
	)
	if cfg.Instance != "" {
		options = append(options, kgo.InstanceID(cfg.Instance))
	}
	if m.client, err = kgo.NewClient(options...); err != nil {
		return nil, fmt.Errorf("consumer group %s: %w", cfg.Group, err)
	}
	m.client.PauseFetchTopics(cfg.Topic)
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	go func() {
		defer close(m.ended)
		for ctx.Err() == nil {
			m.client.PollFetches(ctx) // of a paused topic: nothing comes but what the group's failures leave there
		}
	}()
	return m, nil
}

func (m *Member) assigned(_ context.Context, _ *kgo.Client, of map[string][]int32) {
	rebalances.Inc()
	if m.failed.Swap(nil) != nil {
		m.cfg.Log.Info("the consumer group works again", "group", m.cfg.Group)
	}
	m.joined.Store(true)
	m.cfg.Handler.Assigned(ints(of[m.cfg.Topic]))
}

func (m *Member) revoked(ctx context.Context, _ *kgo.Client, of map[string][]int32) {
	if partitions := ints(of[m.cfg.Topic]); len(partitions) > 0 {
		m.cfg.Handler.Revoked(ctx, partitions)
	}
}

func (m *Member) lost(_ context.Context, _ *kgo.Client, of map[string][]int32) {
	m.joined.Store(false)
	if partitions := ints(of[m.cfg.Topic]); len(partitions) > 0 {
		m.cfg.Handler.Lost(partitions)
	}
}

// OnGroupManageError is called by the client when it has to join anew.
func (m *Member) OnGroupManageError(err error) {
	failures.Inc()
	if m.failed.Swap(&err) == nil {
		m.cfg.Log.Warn("the consumer group cannot be kept up, and is joined again", "group", m.cfg.Group, "error", err)
	}
}

// Ready is why the member has no part of the topic assigned at present, not even an empty one; nil: it has.
func (m *Member) Ready() error {
	if m.joined.Load() {
		return nil
	}
	if err := m.failed.Load(); err != nil {
		return fmt.Errorf("consumer group %s: %w", m.cfg.Group, *err)
	}
	return fmt.Errorf("consumer group %s has not assigned anything yet", m.cfg.Group)
}

// Leave tells the group that the member is gone, so that others get its partitions at once, and ends it. Revoked is
// called before.
func (m *Member) Leave(ctx context.Context) error {
	id, _ := m.client.GroupMetadata()
	err := m.client.LeaveGroupContext(ctx)
	if m.cfg.Instance != "" && id != "" && err == nil {
		err = m.leaveAs(ctx, id)
	}
	m.stop()
	<-m.ended
	m.client.Close()
	if err != nil {
		return fmt.Errorf("leave consumer group %s: %w", m.cfg.Group, err)
	}
	return nil
}

func ints(of []int32) []int {
	all := make([]int, len(of))
	for i, p := range of {
		all[i] = int(p)
	}
	return all
}
