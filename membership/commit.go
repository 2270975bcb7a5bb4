package membership

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Commit tells the group how far partitions are stored, as advice for tools that show a lag, and notes beside it that
// they had an owner at this time.
func (m *Member) Commit(ctx context.Context, marks map[int32]int64) error {
	if len(marks) == 0 {
		return nil
	}
	offsets := map[int32]kgo.EpochOffset{}
	for p, o := range marks {
		offsets[p] = kgo.EpochOffset{Epoch: -1, Offset: o}
	}
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for t := range req.Topics {
			for p := range req.Topics[t].Partitions {
				req.Topics[t].Partitions[p].Metadata = &now
			}
		}
		return nil
	})
	var failed error
	m.client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{m.cfg.Topic: offsets},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, res *kmsg.OffsetCommitResponse, err error) {
			failed = errors.Join(err, commitError(res))
		})
	return failed
}

// commitError is the first failure in an answer, which as a whole may be a success.
func commitError(res *kmsg.OffsetCommitResponse) error {
	if res == nil {
		return nil
	}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return nil
}

// LastOwned is when each of the partitions is last known to have had an owner, by its own clock. Of one that never
// had there is nothing.
func (m *Member) LastOwned(ctx context.Context, partitions []int) (map[int]time.Time, error) {
	topic := kmsg.NewOffsetFetchRequestTopic()
	topic.Topic = m.cfg.Topic
	for _, p := range partitions {
		topic.Partitions = append(topic.Partitions, int32(p))
	}
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.Topics = m.cfg.Group, []kmsg.OffsetFetchRequestTopic{topic}
	answer, err := m.client.Request(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("ask consumer group %s who has owned its partitions: %w", m.cfg.Group, err)
	}
	last := map[int]time.Time{}
	for _, g := range answer.(*kmsg.OffsetFetchResponse).Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if p.Metadata == nil {
					continue
				}
				if ms, err := strconv.ParseInt(*p.Metadata, 10, 64); err == nil { // else another program's commit
					last[int(p.Partition)] = time.UnixMilli(ms)
				}
			}
		}
	}
	return last, nil
}

// leaveAs removes a member that carries an instance's name, which a client does not do by itself. A successor may
// have the name already: so the member's own id is told too, and that it is no longer known is as good.
func (m *Member) leaveAs(ctx context.Context, id string) error {
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID, member.InstanceID = id, &m.cfg.Instance
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.Members = m.cfg.Group, []kmsg.LeaveGroupRequestMember{member}
	answer, err := m.client.Request(ctx, req)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(answer.(*kmsg.LeaveGroupResponse).ErrorCode)
}
