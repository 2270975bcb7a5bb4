package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"argos"
)

// awaited is what is pending in a partition.
type awaited struct {
	records int64
	last    argos.Pos  // after the last of them
	moved   time.Time  // when the mark was last seen to move
	mark    argos.Mark // as last seen
}

func (a *auditor) pend(s *section, offset int64) {
	a.Pending++
	s.pending.records++
	s.pending.last = argos.Pos{Epoch: s.epoch, Partition: s.number, Next: offset + 1}
}

// await notes the documents that a pipeline at work is going to store.
func (a *auditor) await(lives map[string]*life) {
	if !a.Running {
		return
	}
	for id, l := range lives {
		if d := a.documents[id]; d != nil && l.track.Pos().Compare(d.Pos) <= 0 || l.track.Rev() == 0 {
			continue
		}
		want := argos.Truck{ID: id, Attrs: l.attrs}
		l.track.Fill(&want)
		a.awaited[id] = want
	}
}

// judgePending says what is pending. If a pipeline is said to be at work, it waits until that has stored it, and
// looks at the documents again: else one whose mark was put back would never be missed.
func (a *auditor) judgePending(ctx context.Context) error {
	a.nextKind()
	switch {
	case a.Pending == 0:
		return nil
	case !a.Running:
		a.problem("%d records are pending: no document has them, and no mark says that they are stored; "+
			"if the pipeline is at work at this moment, say so by --running", a.Pending)
		return nil
	}
	now := time.Now()
	for _, p := range a.parts {
		p.pending.moved, p.pending.mark = now, p.mark
	}
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		marks, err := a.cfg.Store.Marks(ctx, a.cfg.Topic)
		if err != nil {
			return fmt.Errorf("read the marks: %w", err)
		}
		if a.begunAnew(marks) {
			return nil
		}
		waiting, stands := a.waitFor(marks, time.Now())
		for _, p := range stands {
			a.Stalled = true
			a.problem(
				"partition %d: %d records are pending, and its mark has stood at %d for %s: "+
					"no pipeline is at work on it",
				p.number,
				p.pending.records,
				p.pending.mark.Offset,
				a.cfg.Patience,
			)
		}
		if !waiting || a.Stalled {
			return a.lookAgain(ctx)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begunAnew fails the audit if somebody has begun the topic anew meanwhile, in an epoch that is none of its layouts':
// what was pending is then neither stored nor going to be as it was awaited.
func (a *auditor) begunAnew(marks []argos.Mark) bool {
	for _, m := range marks {
		if m.Epoch > a.epoch && !a.isOurs(m.Epoch) {
			a.Stalled = true
			a.problem(
				"partition %d: its mark has come to epoch %d during the audit, which is none of the topic's layouts': audit again",
				m.Partition,
				m.Epoch,
			)
			return true
		}
	}
	return false
}

// waitFor says whether some pending records are not stored yet, and in which partitions nothing moves.
func (a *auditor) waitFor(marks []argos.Mark, now time.Time) (waiting bool, stands []*partition) {
	var moved time.Time // any of them
	for _, p := range a.parts {
		for _, m := range marks {
			next := argos.Pos{Epoch: p.pending.mark.Epoch, Next: p.pending.mark.Offset + 1}
			if m.Partition == p.number && isStored(next, m) {
				p.pending.moved, p.pending.mark = now, m
			}
		}
		if p.pending.moved.After(moved) {
			moved = p.pending.moved
		}
	}
	for _, p := range a.parts {
		if p.pending.records == 0 || isStored(p.pending.last, p.pending.mark) {
			continue
		}
		waiting = true
		last := p.pending.moved
		if p.pending.mark.Epoch < p.pending.last.Epoch { // it may wait for others to end their layout
			last = moved
		}
		if now.Sub(last) >= a.cfg.Patience {
			stands = append(stands, p)
		}
	}
	return waiting, stands
}

func isStored(pos argos.Pos, m argos.Mark) bool {
	return m.Epoch > pos.Epoch || m.Epoch == pos.Epoch && m.Offset >= pos.Next
}

// lookAgain compares the documents that were awaited, where their marks say that they are there.
func (a *auditor) lookAgain(ctx context.Context) error {
	const page = 500
	var due []string
	for id, want := range a.awaited {
		mark := a.parts[want.Pos.Partition].pending.mark
		if isStored(want.Pos, mark) && a.isOurs(mark.Epoch) && !a.judged(id) {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	for ids := range slices.Chunk(due, page) {
		docs, err := a.cfg.Store.Trucks(ctx, ids)
		if err != nil {
			return fmt.Errorf("read the documents again: %w", err)
		}
		there := map[string]*argos.Truck{}
		for i := range docs {
			there[docs[i].ID] = &docs[i]
		}
		for _, id := range ids {
			want := a.awaited[id]
			if says := arrived(there[id], &want); says != "" {
				a.Diverged++
				a.problem(
					"truck %s, offset %d of partition %d: its mark has come past it, but %s",
					id,
					want.Pos.Next-1,
					want.Pos.Partition,
					says,
				)
			}
		}
	}
	return nil
}

// judged says whether a document was counted as diverged, or as one that can't be judged, already.
func (a *auditor) judged(id string) bool {
	d := a.documents[id]
	if d == nil {
		_, missing := a.missing[id]
		return missing
	}
	return a.diverges(d) != "" || !d.reached || d.differs != ""
}

// arrived says what is wrong with a document that was awaited; one that has gone on since can't be judged.
func arrived(d, want *argos.Truck) string {
	switch {
	case d == nil:
		return "there is no document"
	case d.Pos.Compare(want.Pos) < 0:
		return "its document has not folded it"
	case d.Pos.Compare(want.Pos) == 0:
		if differs := difference(d, want); differs != "" {
			return "its document has " + differs
		}
	}
	return ""
}
