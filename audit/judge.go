package audit

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"argos"
	"argos/transforms/track"
)

func (a *auditor) badMark(format string, args ...any) {
	a.BadMarks++
	a.problem(format, args...)
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// judgeMarks says which marks can't be true.
func (a *auditor) judgeMarks() {
	a.nextKind()
	oldest := a.epoch + int32(len(a.layouts)) // of the marks
	for _, p := range a.parts {
		if p.marked {
			oldest = min(oldest, p.mark.Epoch)
		}
	}
	for _, p := range a.parts {
		switch {
		case !p.marked && int(p.number) >= a.partitionsIn(oldest): // of a layout that is still to come
		case !p.marked:
			a.badMark("partition %d has no mark, so nothing says how far it is stored", p.number)
		case p.mark.Offset > p.Last:
			a.badMark(
				"the mark of partition %d is %d, above the log's end at %d",
				p.number,
				p.mark.Offset,
				p.Last,
			)
		case p.mark.Offset < p.First:
			a.badMark(
				"partition %d is stored up to offset %d, and retention has taken all below %d: "+
					"what was between them is gone unread",
				p.number,
				p.mark.Offset,
				p.First,
			)
		case p.before != nil && p.mark.Epoch == p.before.Epoch && p.mark.Offset < p.before.Offset:
			a.badMark(
				"the mark of partition %d has gone back from %d, which the last audit saw, to %d: "+
					"was the store restored?",
				p.number,
				p.before.Offset,
				p.mark.Offset,
			)
		case a.isOurs(p.mark.Epoch):
			a.judgeMarkInLayout(p)
		}
	}
	old := a.state.Partitions
	a.state.Partitions = nil
	for n, p := range a.parts {
		if n < len(old) && p.marked && p.mark.Epoch < old[n].Epoch {
			a.badMark(
				"the mark of partition %d has gone back from epoch %d, which the last audit saw, to %d: "+
					"was the store restored?",
				p.number,
				old[n].Epoch,
				p.mark.Epoch,
			)
		}
		a.state.Partitions = append(a.state.Partitions, p.below)
	}
}

// judgeMarkInLayout says whether a mark is where its layout has no records.
func (a *auditor) judgeMarkInLayout(p *partition) {
	sections := a.layouts[p.mark.Epoch-a.epoch]
	if int(p.number) >= len(sections) {
		a.badMark("the mark of partition %d is of epoch %d, in which the topic had %d partitions",
			p.number, p.mark.Epoch, len(sections))
		return
	}
	if s := sections[p.number]; p.mark.Offset < s.start || p.mark.Offset > s.last {
		a.badMark("the mark of partition %d is %d in epoch %d, whose records lie from offset %d to %d",
			p.number, p.mark.Offset, p.mark.Epoch, s.start, s.last-1)
	}
}

// partitionsIn is how many the topic had in an epoch.
func (a *auditor) partitionsIn(epoch int32) int {
	return len(a.layouts[min(max(0, int(epoch-a.epoch)), len(a.layouts)-1)])
}

// judgeDocuments turns what the fold has seen of each document into the verdict.
func (a *auditor) judgeDocuments() {
	a.nextKind()
	for _, id := range slices.Sorted(maps.Keys(a.documents)) {
		d := a.documents[id]
		if says := a.diverges(d); says != "" {
			a.Diverged++
			a.problem("truck %s, %s", id, says)
		} else if !d.reached || d.differs != "" {
			a.Unauditable++
			a.problem(
				"truck %s, offset %d of partition %d: the start of its log is gone, so its document can't be judged%s",
				id,
				d.Pos.Next-1,
				d.Pos.Partition,
				a.trust(&d.Truck),
			)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.missing)) {
		a.Diverged++
		at := a.missing[id]
		a.problem("truck %s, offset %d of partition %d: below the mark, but there is no document",
			id, at.Next-1, at.Partition)
	}
	for _, known := range a.state.tracks {
		if known.trusted {
			a.Trusted++
		}
	}
}

// diverges says how a document contradicts its log; "" when it does not, or nobody can tell.
func (a *auditor) diverges(d *document) string {
	at := fmt.Sprintf("offset %d of partition %d: ", d.Pos.Next-1, d.Pos.Partition)
	var s *section // in which it ends; nil: of no layout
	without := ""
	if a.isOurs(d.Pos.Epoch) {
		s = a.section(int(d.Pos.Epoch-a.epoch), hashOf(d.ID))
		without = s.without(d.Pos.Next)
	}
	// The beginning, so that its fold can't be run anew.
	gone := a.gapped(len(a.layouts), hashOf(d.ID)) || s == nil && !d.known
	switch {
	case d.was > 0:
		return at + fmt.Sprintf("its document has rev %d, and an earlier audit proved rev %d of it", d.Rev, d.was)
	case d.broken != "":
		return at + "stored " + d.broken + without
	case s != nil && d.Pos.Partition != s.number:
		return at + fmt.Sprintf("its document says so, but the truck belongs to partition %d", s.number)
	case !d.reached && (!gone || s != nil && d.Pos.Next > s.first):
		return at + "the log holds no such record of this truck, but its document claims it" + without
	case d.differs != "" && !gone:
		return at + "stored " + d.differs + ", which the log does not fold into" + without
	case d.behind != nil:
		return fmt.Sprintf(
			"offset %d of partition %d: below the mark, but its document has not folded it",
			d.behind.Next-1,
			d.behind.Partition,
		)
	}
	return ""
}

// trust lets the next audit go on from a document that this one can't judge, if the document agrees with itself.
func (a *auditor) trust(d *argos.Truck) string {
	if a.cfg.State == "" {
		return ""
	}
	var t track.Track
	if err := t.Decode(d.Track); err != nil {
		return "; its packed track is none, so the next audit can't go on from it"
	}
	want := argos.Truck{ID: d.ID, Attrs: d.Attrs}
	t.Fill(&want)
	if differs := difference(d, &want); differs != "" {
		return "; its packed track says otherwise (" + differs + "), so the next audit can't go on from it"
	}
	a.state.tracks[d.ID] = &proven{track: d.Track, attrs: d.Attrs, records: d.Rev, trusted: true}
	return "; the next audit goes on from it"
}
