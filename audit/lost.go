package audit

import (
	"context"
	"errors"
	"fmt"

	"argos"
	"argos/io/kafkaio"
	"argos/ledger"
)

// missed is an acknowledged fix of which the log has fewer records than runs hold acks.
type missed struct {
	partition uint16
	runs      map[uint32]bool // that hold an ack
	lines     []int64         // where the ledger says so
	found     int
}

func missing(of []claim, records int) *missed {
	m := &missed{partition: of[0].partition, runs: map[uint32]bool{}, found: records}
	for _, c := range of {
		if c.outcome == isAcked {
			m.runs[c.run] = true
			m.lines = append(m.lines, c.line)
		}
	}
	return m
}

func (m *missed) lost() int { return max(0, min(len(m.runs)-m.found, len(m.lines))) }

// maxSought bounds what is sought in the log below what is new: whoever misses more has lost it.
const maxSought = 1 << 18

// judgeClaims compares the claims with the records.
func (a *auditor) judgeClaims(ctx context.Context) error {
	a.nextKind()
	all := map[key]*missed{}
	var err error
	jerr := a.claims.judge(func(of []claim, records int) {
		acked, refused := 0, 0
		for _, c := range of {
			switch c.outcome {
			case isAcked:
				acked++
			case isRefused:
				refused++
			}
		}
		a.Sent, a.Acked, a.Refused = a.Sent+int64(len(of)), a.Acked+int64(acked), a.Refused+int64(refused)
		if n := len(of) - refused; n > 0 && records > n {
			a.Resent += int64(records - n)
		}
		if acked <= records {
			return
		}
		m := missing(of, records)
		switch {
		case len(all) < maxSought && a.parts[m.partition].before != nil:
			all[of[0].key] = m
		default:
			err = errors.Join(err, a.lose(m))
		}
	})
	if err := errors.Join(jerr, err); err != nil {
		return err
	}
	if len(all) > 0 {
		if err := a.lookBack(ctx, all); err != nil {
			return err
		}
	}
	for _, m := range all {
		if err := a.lose(m); err != nil {
			return err
		}
	}
	return nil
}

// lose counts a fix that is not in the log.
func (a *auditor) lose(m *missed) error {
	p := a.parts[m.partition]
	for i := range m.lost() {
		a.Lost++
		if p.gap {
			a.Lost--
			a.Unauditable++
		}
		if a.isFull() {
			continue
		}
		e, err := ledger.ReadAt(a.cfg.Ledger, m.lines[len(m.lines)-1-i])
		if err != nil {
			return err
		}
		switch {
		case p.gap:
			a.problem("truck %s, seq %d, ts %d: acknowledged, and not in what retention has left of partition %d",
				e.TruckID, e.Seq, e.TS, p.number)
		case m.found > 0:
			a.problem(
				"truck %s, seq %d, ts %d: acknowledged to run %s, but the log has %d record of this fix "+
					"and %d runs hold an ack",
				e.TruckID,
				e.Seq,
				e.TS,
				e.Run,
				m.found,
				len(m.runs),
			)
		default:
			a.problem("truck %s, seq %d, ts %d, at %v, %v: acknowledged, but not in the log: "+
				"partition %d, read from offset %d to %d%s",
				e.TruckID, e.Seq, e.TS, e.Lat, e.Lon, p.number, p.First, p.Last-1, p.without(p.Last))
		}
	}
	return nil
}

// errEnough ends a reading that has found what it sought.
var errEnough = errors.New("enough")

// lookBack seeks fixes that the new part of the log lacks in the part that an earlier audit has read: they came into
// the log just before that, and into the ledger just after. What earlier lines of the ledger claim of the same fixes
// counts.
func (a *auditor) lookBack(ctx context.Context, all map[key]*missed) error {
	if end := a.state.earlier; end > 0 {
		err := ledger.ReadOn(a.cfg.Ledger, &ledger.Position{}, func(e ledger.Entry, line int64) error {
			if line >= end {
				return errEnough
			}
			if m := all[keyOf(e.TruckID, e.Seq, e.TS, e.Lat, e.Lon)]; m != nil && e.Outcome == ledger.Acked {
				m.runs[a.claims.run(e.Run)] = true
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	for _, p := range a.parts {
		if err := a.lookBackIn(ctx, p, all); err != nil {
			return fmt.Errorf("partition %d: %w", p.number, err)
		}
	}
	return nil
}

// lookBackIn reads a partition from its new part down, in ever longer stretches, until nothing is missed.
func (a *auditor) lookBackIn(ctx context.Context, p *partition, all map[key]*missed) error {
	left := 0
	for _, m := range all {
		if int32(m.partition) == p.number && m.lost() > 0 {
			left++
		}
	}
	const stretch = 100_000
	for to, n := p.from, int64(stretch); left > 0 && to > p.First; n *= 2 {
		from := max(p.First, to-n)
		err := kafkaio.Scan(ctx, a.cfg.Kafka, a.cfg.Topic, int(p.number), from, to, func(lr argos.LogRecord) error {
			rec, ours := p.understand(lr, len(a.parts))
			if !ours {
				return nil
			}
			if m := all[keyOf(rec.TruckID, rec.Seq, rec.Time, rec.Lat, rec.Lon)]; m != nil {
				if m.found++; m.lost() == 0 {
					left--
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		to = from
	}
	return nil
}
