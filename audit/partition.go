package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
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
	layout int64 // records lie by the topic's present layout from here on
	mark   argos.Mark
	marked bool
	before *reached // what the last audit came to; nil: none
	from   int64    // what is new begins here
	gap    bool     // documents may rest on records that neither this audit nor one before has seen

	lives   map[string]*life
	missing map[string]int64 // trucks without a document, and the offset of a record below the mark
	holes   []hole
	foreign []foreign // records below the mark that are no fixes of this partition
	below   reached   // what this audit comes to: the mark, and the last record below it
	pending awaited
	parser  wire.Parser
}

// place finds where each partition is to be read from, and refuses a log that is not the one of the last audit.
func (a *auditor) place(marks []argos.Mark, log []cluster.Range, layouts []cluster.Layout) error {
	begins, err := begin(a.cfg.Topic, marks, len(log), layouts)
	if err != nil {
		return err
	}
	for n, r := range log {
		p := &partition{
			number:  int32(n),
			Range:   r,
			layout:  begins[n],
			from:    max(r.First, begins[n]),
			lives:   map[string]*life{},
			missing: map[string]int64{},
		}
		p.pending.trucks = map[string]argos.Truck{}
		for _, m := range marks {
			if int(m.Partition) == n {
				p.mark, p.marked = m, true
			}
		}
		if n < len(a.state.Partitions) {
			p.before = &a.state.Partitions[n]
		}
		a.parts = append(a.parts, p)
		b := p.before
		p.below.Last = -1
		if b == nil || b.Epoch != p.mark.Epoch || len(a.state.Partitions) != len(log) {
			p.before = nil
			p.gap = r.First > 0 || p.mark.Epoch > 0 || len(a.state.Partitions) > 0
			continue
		}
		if b.Last >= r.Last {
			return fmt.Errorf("partition %d of topic %s ends at offset %d, and the last audit read it up to %d: "+
				"the state file is of another log, or the topic was remade", n, a.cfg.Topic, r.Last, b.Last+1)
		}
		p.gap = r.First > b.Offset
		p.from = max(b.Offset, r.First)
		p.below = *b
	}
	return nil
}

// read folds what is new in a partition, from what the last audit proved.
func (a *auditor) read(ctx context.Context, p *partition) error {
	if err := a.seed(p); err != nil {
		return err
	}
	if p.before == nil && p.First < p.layout {
		if err := a.readOld(ctx, p); err != nil {
			return err
		}
	}
	from, next, last := p.from, p.from, argos.LogRecord{Offset: -1}
	known := p.before != nil && p.before.Last >= p.First
	if known { // read that one again: by it the log is known
		from = p.before.Last
	}
	err := kafkaio.Scan(
		ctx,
		a.cfg.Kafka,
		a.cfg.Topic,
		int(p.number),
		from,
		p.Last,
		func(r argos.LogRecord) error {
			if known {
				known = false
				if r.Offset != p.before.Last || fingerprint(r) != p.before.Sum {
					return fmt.Errorf("the record at offset %d is not the one that the last audit read there: "+
						"the state file is of another log, or this one was rewritten", p.before.Last)
				}
			}
			if r.Offset < p.from {
				return nil
			}
			a.InLog++
			a.cfg.Progress.Log.Add(1)
			p.skipped(a.Report, next, r.Offset)
			next = r.Offset + 1
			if r.Offset < p.mark.Offset {
				last.Offset, last.Time, last.Value = r.Offset, r.Time, append(last.Value[:0], r.Value...)
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
			return a.record(p, r)
		},
	)
	if err != nil {
		return err
	}
	p.skipped(a.Report, next, p.Last)
	if last.Offset >= 0 {
		p.below.Last, p.below.Sum = last.Offset, fingerprint(last)
	}
	a.keep(p)
	if a.Running {
		p.await(a.documents)
	}
	p.lives = nil
	return nil
}

// seed begins the lives of a partition's trucks where the last audit proved them, and compares the documents that are
// still there.
func (a *auditor) seed(p *partition) error {
	for id, known := range a.state.tracks {
		if argos.PartitionOf(id, len(a.parts)) != int(p.number) {
			continue
		}
		l := &life{attrs: known.attrs, seed: known}
		if err := l.track.Decode(known.track); err != nil {
			return fmt.Errorf(
				"the state file has a track of truck %s that this argos does not read, so begin another: %w",
				id,
				err,
			)
		}
		var was argos.Truck
		l.track.Fill(&was)
		l.tally = tally{records: known.records, whole: !p.gap, last: argos.Record{Recv: was.Recv}}
		l.tally.last.Lat, l.tally.last.Lon = was.Raw.Lat, was.Raw.Lon
		p.lives[id] = l
		switch d := a.documents[id]; {
		case d == nil:
			p.missing[id] = was.Pos.Next - 1
		case d.Pos.Compare(was.Pos) < 0:
			d.was = was.Rev
		default:
			d.known = true
			l.compare(d, was.Pos)
		}
	}
	return nil
}

func (a *auditor) record(p *partition, lr argos.LogRecord) error {
	rec, ours := p.understand(lr, len(a.parts))
	if !ours {
		a.stranger(p, lr)
		return nil
	}
	if err := a.claims.found(keyOf(rec.TruckID, rec.Seq, rec.Time, rec.Lat, rec.Lon)); err != nil {
		return err
	}
	l := p.lives[rec.TruckID]
	if l == nil {
		l = &life{tally: tally{whole: !p.gap}}
		p.lives[rec.TruckID] = l
	}
	pos := argos.Pos{Epoch: p.mark.Epoch, Partition: p.number, Next: lr.Offset + 1}
	if pos.Compare(l.track.Pos()) <= 0 { // a document that was taken on trust had it
		return nil
	}
	if lr.Offset >= p.mark.Offset && l.atMark == nil {
		l.atMark = l.proven()
	}
	l.track.Fold(rec, pos)
	l.tally.add(rec)
	if rec.Attrs != nil {
		l.attrs = bytes.Clone(rec.Attrs)
	}
	if a.cfg.Folded != nil {
		a.cfg.Folded(rec, &l.track)
	}
	a.compare(p, rec.TruckID, l, pos)
	return nil
}

// understand reads a record. What is not ours is a foreign producer's: the pipeline dead-letters it.
func (p *partition) understand(lr argos.LogRecord, partitions int) (rec *argos.Record, ours bool) {
	rec = &argos.Record{}
	ours = lr.Value != nil && p.parser.Record(lr.Value, rec) == nil &&
		argos.PartitionOf(rec.TruckID, partitions) == int(p.number)
	return rec, ours
}

// compare judges a document at its own place in the log, and notes what lies behind the mark but beyond the document.
func (a *auditor) compare(p *partition, id string, l *life, pos argos.Pos) {
	d := a.documents[id]
	if d == nil {
		a.pend(p, pos.Next-1)
		if _, noted := p.missing[id]; !noted && pos.Next <= p.mark.Offset {
			p.missing[id] = pos.Next - 1
		}
		return
	}
	if pos.Compare(d.Pos) > 0 {
		a.pend(p, pos.Next-1)
		if d.behind < 0 && pos.Next <= p.mark.Offset {
			d.behind = pos.Next - 1
		}
		return
	}
	l.compare(d, pos)
}

// keep takes what was proven into the state: each track as it was at the mark, below which no document lies. At the
// next audit no document can be older.
func (a *auditor) keep(p *partition) {
	if a.cfg.State == "" {
		return
	}
	p.below.Epoch, p.below.Offset = p.mark.Epoch, p.mark.Offset
	for id, l := range p.lives {
		switch {
		case l.atMark == nil:
			a.state.tracks[id] = l.proven()
		case l.atMark.records > 0:
			a.state.tracks[id] = l.atMark
		}
	}
}

// fingerprint tells a record of the log from any other.
func fingerprint(r argos.LogRecord) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d ", r.Offset, r.Time)
	h.Write(r.Value)
	return [sha256.Size]byte(h.Sum(nil))
}
