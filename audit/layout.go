package audit

import (
	"fmt"

	"argos"
	"argos/cluster"
)

// section is the part of a partition that was written by one of the topic's layouts, in an epoch of its own. A topic
// that has never grown has one layout, and a section a partition.
//
// Invariant: a truck's records lie in one section of each layout, and those of a layout come before those of the next.
type section struct {
	*partition

	layout      int
	epoch       int32
	start       int64 // its records lie from this offset on ...
	first, last int64 // ... and the log still has those in [first, last)
	stored      int64 // all below is stored, by the marks
	from        int64 // what is new begins here
	gap         bool  // documents may rest on records of it that neither this audit nor one before has seen
}

// hashOf is that of which a truck's partition is the remainder, however many there are.
func hashOf(truck string) uint32 { return uint32(argos.PartitionOf(truck, 1<<31)) }

// section is that of a truck in a layout.
func (a *auditor) section(layout int, hash uint32) *section {
	return a.layouts[layout][int(hash)%len(a.layouts[layout])]
}

// isOurs says whether an epoch is that of one of the topic's layouts.
func (a *auditor) isOurs(epoch int32) bool {
	return epoch >= a.epoch && int(epoch-a.epoch) < len(a.layouts)
}

// gapped says whether records of a truck may be gone in the first layouts.
func (a *auditor) gapped(layouts int, hash uint32) bool {
	for i := range layouts {
		if a.section(i, hash).gap {
			return true
		}
	}
	return false
}

// layoutsOf are the topic's layouts, oldest first.
func layoutsOf(topic string, known []cluster.Layout, log []cluster.Range) ([]cluster.Layout, error) {
	if len(known) == 0 {
		return []cluster.Layout{{Partitions: len(log)}}, nil
	}
	last := known[len(known)-1]
	if last.Partitions != len(log) {
		return nil, fmt.Errorf("topic %s has %d partitions and the last accepted layout has %d: "+
			"audit when the pipeline has accepted them (--accept-partitions)", topic, len(log), last.Partitions)
	}
	for p, start := range last.Starts {
		if start > log[p].Last {
			return nil, fmt.Errorf("partition %d of topic %s ends at offset %d, and its last layout begins at %d: "+
				"the topic was remade, or a broker has lost data", p, topic, log[p].Last, start)
		}
	}
	return known, nil
}

// epochOf is the first layout's epoch. Each step to the next layout raises it by one, and writes the marks of new
// partitions first, so the newest marks are those of the first layout that has all of their partitions.
func epochOf(layouts []cluster.Layout, marks []argos.Mark) int32 {
	epoch, highest := int32(0), int32(0)
	for _, m := range marks {
		if m.Epoch > epoch {
			epoch, highest = m.Epoch, 0
		}
		if m.Epoch == epoch {
			highest = max(highest, m.Partition)
		}
	}
	for i, l := range layouts {
		if int(highest) < l.Partitions || i == len(layouts)-1 {
			return epoch - int32(i)
		}
	}
	return epoch
}

// bounds are the offsets [start, end) that a layout has in a partition.
func bounds(layouts []cluster.Layout, i int, p *partition) (start, end int64) {
	end = p.Last
	if i > 0 {
		start = layouts[i].Starts[p.number]
	}
	if i+1 < len(layouts) {
		end = layouts[i+1].Starts[p.number]
	}
	return start, end
}

// lay divides the partitions into sections.
func (a *auditor) lay(layouts []cluster.Layout) {
	whole := true // all that was written by the layouts before is stored
	for i, l := range layouts {
		all := make([]*section, l.Partitions)
		for n, p := range a.parts[:l.Partitions] {
			start, end := bounds(layouts, i, p)
			s := &section{partition: p, layout: i, epoch: a.epoch + int32(i), start: start, last: end}
			s.first = min(max(start, p.First), end)
			s.begin(a)
			s.stored = start
			reached := p.marked && p.mark.Epoch >= s.epoch
			switch {
			case !whole || !reached: // nothing
			case p.mark.Epoch > s.epoch:
				s.stored = end
			default:
				s.stored = min(max(start, p.mark.Offset), end)
			}
			if whole && reached || i == 0 || n >= layouts[i-1].Partitions {
				p.below.Epoch, p.below.Offset = s.epoch, s.stored
			}
			all[n] = s
		}
		for n := range all {
			whole = whole && all[n].stored >= all[n].last
		}
		a.layouts = append(a.layouts, all)
	}
}

// begin finds where a section is to be read from.
func (s *section) begin(a *auditor) {
	b, start := s.before, s.start
	s.gap = b == nil && s.layout == 0 && (a.epoch > 0 || int(s.number) < len(a.state.Partitions))
	if b != nil && s.epoch < b.Epoch {
		start = s.last
	} else if b != nil && s.epoch == b.Epoch {
		start = b.Offset
	}
	s.gap = s.gap || s.First > start && start < s.last
	s.from = min(max(start, s.first), s.last)
}

// toRead is the first layout of which something is new; the last one, if nothing is.
func (a *auditor) toRead() int {
	for i, sections := range a.layouts {
		for _, s := range sections {
			if s.from < s.last {
				return i
			}
		}
	}
	return len(a.layouts) - 1
}
