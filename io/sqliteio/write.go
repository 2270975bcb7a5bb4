package sqliteio

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"argos"
)

// The guard is in the statements and the transaction holds the write lock, so it holds against every writer of the
// file, in this process or another. An update, then an insert for those that it did not find, costs a third less than
// "insert ... on conflict do update": nearly all trucks are there already.
const (
	updateSQL = `update trucks set rev = ?, pos_epoch = ?, pos_partition = ?, pos_next = ?, time = ?, recv = ?,
		lat = ?, lon = ?, raw_lat = ?, raw_lon = ?, speed = ?, heading = ?, accuracy = ?, status = ?,
		fixes = ?, duplicates = ?, late = ?, rejected = ?, updated = ?, attrs = coalesce(?, attrs), track = ?
	where id = ? and rev < ?`
	insertSQL = `insert into trucks(rev, pos_epoch, pos_partition, pos_next, time, recv,
		lat, lon, raw_lat, raw_lon, speed, heading, accuracy, status,
		fixes, duplicates, late, rejected, updated, attrs, track, id)
	values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	on conflict(id) do nothing`
	storedSQL = `select rev, pos_epoch, pos_partition, pos_next from trucks where id = ?`
)

// Upsert writes the documents in one transaction: a bundle of thousands costs one commit.
func (s *store) Upsert(ctx context.Context, trucks []argos.Truck) ([]argos.Refusal, error) {
	if len(trucks) == 0 {
		return nil, ctx.Err()
	}
	refused, err := s.upsertAll(ctx, trucks)
	if err != nil {
		return nil, fmt.Errorf("write %d trucks: %w", len(trucks), err)
	}
	return refused, nil
}

func (s *store) upsertAll(ctx context.Context, trucks []argos.Truck) (refused []argos.Refusal, err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	// The context guards the transaction as a whole, which ends with it. The statements run without it: each would
	// start a goroutine to watch over its few microseconds.
	free := context.WithoutCancel(ctx)
	update, insert, stored := tx.StmtContext(free, s.update), tx.StmtContext(free, s.insert), tx.StmtContext(free, s.stored)
	// By the clock under the write lock, so that documents become visible in the order of Updated.
	now := time.Now().UnixMilli()
	for i := range trucks {
		t := &trucks[i]
		args := [...]any{
			t.Rev, t.Pos.Epoch, t.Pos.Partition, t.Pos.Next, t.Time, t.Recv,
			t.Lat, t.Lon, t.Raw.Lat, t.Raw.Lon, t.Speed, t.Heading, t.Accuracy, t.Status.String(),
			t.Fixes, t.Duplicates, t.Late, t.Rejected, now, text(t.Attrs), blob(t.Track), t.ID, t.Rev,
		}
		written, err := exec(free, update, args[:]...)
		if err == nil && !written {
			written, err = exec(free, insert, args[:len(args)-1]...)
		}
		if err == nil && !written {
			is := argos.Refusal{ID: t.ID}
			err = stored.QueryRowContext(free, t.ID).Scan(&is.Rev, &is.Pos.Epoch, &is.Pos.Partition, &is.Pos.Next)
			refused = append(refused, is)
		}
		if err != nil {
			return nil, ended(ctx, err)
		}
	}
	return refused, ended(ctx, tx.Commit())
}

// exec says whether the statement wrote a row.
func exec(ctx context.Context, stmt *sql.Stmt, args ...any) (bool, error) {
	r, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// ended prefers the reason for which a transaction was ended to the error of the statement that ran into its end.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// text and blob make null of what is absent.
func text(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return string(b)
}

func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

const (
	setMarkSQL = `insert into marks(topic, partition, epoch, next) values(?, ?, ?, ?)
	on conflict(topic, partition) do update set epoch = excluded.epoch, next = excluded.next
	where (excluded.epoch, excluded.next) > (marks.epoch, marks.next)`
	marksSQL = `select topic, partition, epoch, next from marks where topic = ? order by partition`
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
		if _, err := set.ExecContext(ctx, m.Topic, m.Partition, m.Epoch, m.Offset); err != nil {
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
		if err := rows.Scan(&m.Topic, &m.Partition, &m.Epoch, &m.Offset); err != nil {
			return nil, fmt.Errorf("read marks of %s: %w", topic, err)
		}
		marks = append(marks, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", topic, err)
	}
	return marks, nil
}
