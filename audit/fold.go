package audit

import (
	"bytes"
	"context"
	"fmt"

	"argos"
	"argos/io/kafkaio"
)

// fold folds what is new in the log, layout by layout: a truck's life goes on in another partition of the next one.
func (a *auditor) fold(ctx context.Context) error {
	begin, last := a.toRead(), len(a.layouts)-1
	var moved []map[string]*life // by partition of the layout to come
	for i := begin; i <= last; i++ {
		var next []map[string]*life
		if i < last {
			next = make([]map[string]*life, len(a.layouts[i+1]))
			for p := range next {
				next[p] = map[string]*life{}
			}
		}
		for n, s := range a.layouts[i] {
			lives := map[string]*life{}
			if i > begin {
				lives, moved[n] = moved[n], nil
			} else if err := a.seed(s, lives); err != nil {
				return err
			}
			if err := a.read(ctx, s, lives); err != nil {
				return fmt.Errorf("fold partition %d of the log: %w", s.number, err)
			}
			if i == last {
				a.keep(lives)
				a.await(lives)
				continue
			}
			for id, l := range lives {
				next[argos.PartitionOf(id, len(next))][id] = l
			}
		}
		moved = next
	}
	for _, p := range a.parts {
		if p.last.Offset >= 0 {
			p.below.Last, p.below.Sum = p.last.Offset, fingerprint(p.last)
		}
	}
	return nil
}

// read folds what is new in a section into the lives of its trucks.
func (a *auditor) read(ctx context.Context, s *section, lives map[string]*life) error {
	if s.gap {
		for _, l := range lives {
			l.tally.whole = false
		}
	}
	next := s.from
	each := func(r argos.LogRecord) error {
		s.skipped(a.Report, next, r.Offset)
		next = r.Offset + 1
		a.note(s.partition, r)
		return a.record(s, lives, r)
	}
	if err := kafkaio.Scan(ctx, a.cfg.Kafka, a.cfg.Topic, int(s.number), s.from, s.last, each); err != nil {
		return err
	}
	s.skipped(a.Report, next, s.last)
	return nil
}

// seed begins the lives of a section's trucks where the last audit proved them, and compares the documents that are
// still there.
func (a *auditor) seed(s *section, lives map[string]*life) error {
	for id, known := range a.state.tracks {
		if argos.PartitionOf(id, len(a.layouts[s.layout])) != int(s.number) {
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
		l.tally = tally{
			records: known.records,
			whole:   !a.gapped(s.layout+1, hashOf(id)),
			last:    argos.Record{Recv: was.Recv},
		}
		l.tally.last.Lat, l.tally.last.Lon = was.Raw.Lat, was.Raw.Lon
		lives[id] = l
		switch d := a.documents[id]; {
		case d == nil:
			a.missing[id] = was.Pos
		case d.Pos.Compare(was.Pos) < 0:
			d.was = was.Rev
		default:
			d.known = true
			l.compare(d, was.Pos)
		}
	}
	return nil
}

func (a *auditor) record(s *section, lives map[string]*life, lr argos.LogRecord) error {
	rec, ours := s.understand(lr, len(a.layouts[s.layout]))
	if !ours {
		a.stranger(s, lr, rec != nil)
		return nil
	}
	if err := a.claims.found(keyOf(rec.TruckID, rec.Seq, rec.Time, rec.Lat, rec.Lon)); err != nil {
		return err
	}
	l := lives[rec.TruckID]
	if l == nil {
		l = &life{tally: tally{whole: !a.gapped(s.layout+1, hashOf(rec.TruckID))}}
		lives[rec.TruckID] = l
	}
	pos := argos.Pos{Epoch: s.epoch, Partition: s.number, Next: lr.Offset + 1}
	if pos.Compare(l.track.Pos()) <= 0 { // a document that was taken on trust had it
		return nil
	}
	if lr.Offset >= s.stored && l.atMark == nil {
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
	a.compare(s, rec.TruckID, l, pos)
	return nil
}

// compare judges a document at its own place in the log, and notes what lies behind the mark but beyond the document.
func (a *auditor) compare(s *section, id string, l *life, pos argos.Pos) {
	d := a.documents[id]
	if d == nil {
		a.pend(s, pos.Next-1)
		if _, noted := a.missing[id]; !noted && pos.Next <= s.stored {
			a.missing[id] = pos
		}
		return
	}
	if pos.Compare(d.Pos) > 0 {
		a.pend(s, pos.Next-1)
		if d.behind == nil && pos.Next <= s.stored {
			d.behind = &pos
		}
		return
	}
	l.compare(d, pos)
}

// keep takes what was proven into the state: each track as it was at the mark, below which no document lies. At the
// next audit no document can be older.
func (a *auditor) keep(lives map[string]*life) {
	if a.cfg.State == "" {
		return
	}
	for id, l := range lives {
		switch {
		case l.atMark == nil:
			a.state.tracks[id] = l.proven()
		case l.atMark.records > 0:
			a.state.tracks[id] = l.atMark
		}
	}
}
