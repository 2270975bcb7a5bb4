package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/wire"
)

// partition is one of the log, and what was found in it.
type partition struct {
	number int32
	cluster.Range
	mark   argos.Mark
	marked bool
	before *reached // what the last audit came to; nil: none

	holes   []hole
	foreign []foreign       // records that are no fixes of this partition
	below   reached         // what this audit comes to: how far it is stored, and the last record below
	last    argos.LogRecord // that record
	pending awaited
	parser  wire.Parser
}

// place finds where the log is to be read from, and refuses one that is not that of the last audit.
func (a *auditor) place(ctx context.Context, marks []argos.Mark, log []cluster.Range, known []cluster.Layout) error {
	layouts, err := layoutsOf(a.cfg.Topic, known, log)
	if err != nil {
		return err
	}
	a.epoch = epochOf(layouts, marks)
	for n, r := range log {
		p := &partition{number: int32(n), Range: r, last: argos.LogRecord{Offset: -1}}
		for _, m := range marks {
			if int(m.Partition) == n {
				p.mark, p.marked = m, true
			}
		}
		a.parts = append(a.parts, p)
		p.below.Last = -1
		if n >= len(a.state.Partitions) {
			continue
		}
		b := &a.state.Partitions[n]
		i := int(b.Epoch - a.epoch)
		if i < 0 || i >= len(layouts) || n >= layouts[i].Partitions {
			continue
		}
		p.before, p.below.Last, p.below.Sum = b, b.Last, b.Sum
		if err := a.recognise(ctx, p); err != nil {
			return err
		}
	}
	a.lay(layouts)
	return nil
}

// recognise reads the record again by which the last audit's log is known.
func (a *auditor) recognise(ctx context.Context, p *partition) error {
	at := p.before.Last
	if at >= p.Last {
		return fmt.Errorf("partition %d of topic %s ends at offset %d, and the last audit read it up to %d: "+
			"the state file is of another log, or the topic was remade", p.number, a.cfg.Topic, p.Last, at+1)
	}
	if at < p.First { // retention has taken it, or there was none
		return nil
	}
	same := false
	err := kafkaio.Scan(ctx, a.cfg.Kafka, a.cfg.Topic, int(p.number), at, p.Last, func(r argos.LogRecord) error {
		same = r.Offset == at && fingerprint(r) == p.before.Sum
		return errEnough
	})
	switch {
	case err != nil && !errors.Is(err, errEnough):
		return fmt.Errorf("partition %d of the log: %w", p.number, err)
	case !same:
		return fmt.Errorf("partition %d of the log: the record at offset %d is not the one that the last audit read "+
			"there: the state file is of another log, or this one was rewritten", p.number, at)
	}
	return nil
}

// note takes in that a record was read.
func (a *auditor) note(p *partition, r argos.LogRecord) {
	a.InLog++
	a.cfg.Progress.Log.Add(1)
	if r.Offset < p.mark.Offset {
		p.last.Offset, p.last.Time, p.last.Value = r.Offset, r.Time, append(p.last.Value[:0], r.Value...)
	}
	if r.Offset == p.mark.Offset-1 && p.mark.Time != 0 && p.mark.Time != r.Time {
		a.badMark(
			"the mark of partition %d is of a record of %s at offset %d, and the log has one of %s there",
			p.number,
			instant(p.mark.Time),
			r.Offset,
			instant(r.Time),
		)
	}
}

// understand reads a record; nil: it is no fix. What is not ours is a foreign producer's: the pipeline dead-letters it.
func (p *partition) understand(lr argos.LogRecord, partitions int) (rec *argos.Record, ours bool) {
	rec = &argos.Record{}
	if lr.Value == nil || p.parser.Record(lr.Value, rec) != nil {
		return nil, false
	}
	return rec, argos.PartitionOf(rec.TruckID, partitions) == int(p.number)
}

// fingerprint tells a record of the log from any other.
func fingerprint(r argos.LogRecord) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d ", r.Offset, r.Time)
	h.Write(r.Value)
	return [sha256.Size]byte(h.Sum(nil))
}
