package sqliteio

import (
	"context"
	"fmt"

	"argos"
)

const (
	setMarkSQL = `insert into marks(topic, partition, epoch, next, time) values(?, ?, ?, ?, ?)
	on conflict(topic, partition) do update set epoch = excluded.epoch, next = excluded.next, time = excluded.time
	where (excluded.epoch, excluded.next) > (marks.epoch, marks.next)`
	marksSQL = `select topic, partition, epoch, next, time from marks where topic = ? order by partition`
)

// SetMarks writes the marks in one transaction.
//
// Durable here means: never ahead of the documents. Marks and documents are in one file, whose log is written in the
// order of the transactions, and synchronous=NORMAL syncs it before each checkpoint. So a power loss takes a tail of
// that order: a mark may be lost while its documents stay, or both, and then the pipeline reads those records of the
// log again; a mark that survives has all its documents. An fsync for each mark would buy nothing but fewer records to
// read again.
func (s *store) SetMarks(ctx context.Context, marks []argos.Mark) error {
	if len(marks) == 0 {
		return ctx.Err()
	}
	if err := s.setMarks(ctx, marks); err != nil {
		return fmt.Errorf("write %d marks: %w", len(marks), err)
	}
	return nil
}

func (s *store) setMarks(ctx context.Context, marks []argos.Mark) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	set := tx.StmtContext(ctx, s.setMark)
	for _, m := range marks {
		if _, err := set.ExecContext(ctx, m.Topic, m.Partition, m.Epoch, m.Offset, m.Time); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *store) Marks(ctx context.Context, topic string) (marks []argos.Mark, err error) {
	rows, err := s.getMark.QueryContext(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", topic, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m argos.Mark
		if err := rows.Scan(&m.Topic, &m.Partition, &m.Epoch, &m.Offset, &m.Time); err != nil {
			return nil, fmt.Errorf("read marks of %s: %w", topic, err)
		}
		marks = append(marks, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", topic, err)
	}
	return marks, nil
}
