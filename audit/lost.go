package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"argos"
	"argos/io/kafkaio"
	"argos/ledger"
)

// missed is an acknowledged fix of which the log has fewer records than runs hold acks.
type missed struct {
	truck uint32          // its hash
	runs  map[uint32]bool // that hold an ack
	lines []int64         // where the ledger says so
	found int
}

func missing(of []claim, records int) *missed {
	m := &missed{truck: of[0].truck, runs: map[uint32]bool{}, found: records}
	for _, c := range of {
		if c.outcome == isAcked {
			m.runs[c.run] = true
			m.lines = append(m.lines, c.line)
		}
	}
	return m
}

func (m *missed) lost() int { return max(0, min(len(m.runs)-m.found, len(m.lines))) }

// maxSought bounds what is sought in the log below what is new, for it is held in memory: about 100 MB.
const maxSought = 1 << 18

// ErrLate says that the ledger came so much later than the log that its fixes have to be sought in all of it.
var ErrLate = errors.New("too many acknowledged fixes are not in the part of the log that is new since the last audit, " +
	"perhaps since the ledger comes later than the log: audit once without the state")

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
		case len(a.state.Partitions) == 0:
			err = errors.Join(err, a.lose(m))
		case len(all) < cmp.Or(a.cfg.sought, maxSought):
			all[of[0].key] = m
		default:
			err = ErrLate
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
	gap := a.gapped(len(a.layouts), m.truck)
	for i := range m.lost() {
		a.Lost++
		if gap {
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
		case gap:
			a.problem("truck %s, seq %d, ts %d: acknowledged, and not in what retention has left of %s",
				e.TruckID, e.Seq, e.TS, a.lived(m.truck, false))
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
			a.problem("truck %s, seq %d, ts %d, at %v, %v: acknowledged, but not in the log: %s",
				e.TruckID, e.Seq, e.TS, e.Lat, e.Lon, a.lived(m.truck, true))
		}
	}
	return nil
}

// lived names where the log has had a truck's records, and what was read there.
func (a *auditor) lived(hash uint32, read bool) string {
	all := make([]string, 0, len(a.layouts))
	for i := range a.layouts {
		s := a.section(i, hash)
		at := fmt.Sprintf("partition %d", s.number)
		if read {
			at += fmt.Sprintf(", read from offset %d to %d%s", s.first, s.last-1, s.without(s.last))
		}
		all = append(all, at)
	}
	return strings.Join(all, ", and ")
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
	for _, sections := range slices.Backward(a.layouts) {
		for _, s := range sections {
			if err := a.lookBackIn(ctx, s, all); err != nil {
				return fmt.Errorf("partition %d: %w", s.number, err)
			}
		}
	}
	return nil
}

// lookBackIn reads a section from its new part down, in ever longer stretches, until nothing is missed.
func (a *auditor) lookBackIn(ctx context.Context, s *section, all map[key]*missed) error {
	left := 0
	for _, m := range all {
		if a.section(s.layout, m.truck) == s && m.lost() > 0 {
			left++
		}
	}
	const stretch = 100_000
	for to, n := s.from, int64(stretch); left > 0 && to > s.first; n *= 2 {
		from := max(s.first, to-n)
		err := kafkaio.Scan(ctx, a.cfg.Kafka, a.cfg.Topic, int(s.number), from, to, func(lr argos.LogRecord) error {
			rec, ours := s.understand(lr, len(a.layouts[s.layout]))
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
