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
	for _, p := range a.parts {
		switch {
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
		case p.before != nil && p.mark.Offset < p.before.Offset:
			a.badMark(
				"the mark of partition %d has gone back from %d, which the last audit saw, to %d: "+
					"was the store restored?",
				p.number,
				p.before.Offset,
				p.mark.Offset,
			)
		}
		p.below.Epoch, p.below.Offset = p.mark.Epoch, p.mark.Offset
	}
	old := a.state.Partitions
	a.state.Partitions = nil
	for n, p := range a.parts {
		if n < len(old) && p.mark.Epoch < old[n].Epoch {
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

// judgeDocuments turns what the fold has seen of each document into the verdict.
func (a *auditor) judgeDocuments() {
	a.nextKind()
	for _, id := range slices.Sorted(maps.Keys(a.documents)) {
		d := a.documents[id]
		p := a.parts[argos.PartitionOf(id, len(a.parts))]
		if says := d.diverges(p); says != "" {
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
	for _, p := range a.parts {
		for _, id := range slices.Sorted(maps.Keys(p.missing)) {
			a.Diverged++
			a.problem("truck %s, offset %d: below the mark, but there is no document", id, p.missing[id])
		}
	}
	for _, known := range a.state.tracks {
		if known.trusted {
			a.Trusted++
		}
	}
}

// diverges says how a document contradicts its log; "" when it does not, or nobody can tell.
func (d *document) diverges(p *partition) string {
	at := fmt.Sprintf("offset %d of partition %d: ", d.Pos.Next-1, d.Pos.Partition)
	// The beginning, so that its fold can't be run anew.
	gone := p.gap || d.Pos.Epoch != p.mark.Epoch && !d.known
	switch {
	case d.was > 0:
		return at + fmt.Sprintf("its document has rev %d, and an earlier audit proved rev %d of it", d.Rev, d.was)
	case d.broken != "":
		return at + "stored " + d.broken + p.without(d.Pos.Next)
	case d.Pos.Epoch == p.mark.Epoch && d.Pos.Partition != p.number:
		return at + fmt.Sprintf("its document says so, but the truck belongs to partition %d", p.number)
	case !d.reached && (!gone || d.Pos.Epoch == p.mark.Epoch && d.Pos.Next > p.First):
		return at + "the log holds no such record of this truck, but its document claims it" + p.without(d.Pos.Next)
	case d.differs != "" && !gone:
		return at + "stored " + d.differs + ", which the log does not fold into" + p.without(d.Pos.Next)
	case d.behind >= 0:
		return fmt.Sprintf(
			"offset %d of partition %d: below the mark, but its document has not folded it",
			d.behind,
			p.number,
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
