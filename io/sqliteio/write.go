package sqliteio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"argos"
)

// The guard is in the statement, so that it holds against every writer of the file, in this process or another.
const (
	upsertSQL = `insert into trucks(` + columns + `, track)
	values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	on conflict(id) do update set
		rev = excluded.rev, pos_epoch = excluded.pos_epoch, pos_partition = excluded.pos_partition,
		pos_next = excluded.pos_next, time = excluded.time, recv = excluded.recv, lat = excluded.lat, lon = excluded.lon,
		raw_lat = excluded.raw_lat, raw_lon = excluded.raw_lon, speed = excluded.speed, heading = excluded.heading,
		accuracy = excluded.accuracy, status = excluded.status, fixes = excluded.fixes,
		duplicates = excluded.duplicates, late = excluded.late, rejected = excluded.rejected,
		updated = excluded.updated, attrs = coalesce(excluded.attrs, attrs), track = excluded.track
	where excluded.rev > trucks.rev`
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
	upsert, stored := tx.StmtContext(free, s.upsert), tx.StmtContext(free, s.stored)
	// By the clock under the write lock, so that documents become visible in the order of Updated.
	now := time.Now().UnixMilli()
	for i := range trucks {
		t := &trucks[i]
		r, err := upsert.ExecContext(free, t.ID, t.Rev, t.Pos.Epoch, t.Pos.Partition, t.Pos.Next, t.Time, t.Recv,
			t.Lat, t.Lon, t.Raw.Lat, t.Raw.Lon, t.Speed, t.Heading, t.Accuracy, t.Status.String(),
			t.Fixes, t.Duplicates, t.Late, t.Rejected, now, text(t.Attrs), blob(t.Track))
		if err != nil {
			return nil, ended(ctx, refusal(t.ID, err))
		}
		if n, err := r.RowsAffected(); err != nil {
			return nil, err
		} else if n == 1 {
			continue
		}
		is := argos.Refusal{ID: t.ID}
		if err := stored.QueryRowContext(free, t.ID).Scan(&is.Rev, &is.Pos.Epoch, &is.Pos.Partition, &is.Pos.Next); err != nil {
			return nil, ended(ctx, err)
		}
		refused = append(refused, is)
	}
	return refused, ended(ctx, tx.Commit())
}

// refusal marks an error that a rule of the database (a constraint, a trigger, its bound on a row's size) has against one
// document. The transaction is undone: none of the call is written.
func refusal(id string, err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG:
			return &argos.Unwritable{ID: id, Err: err}
		}
	}
	return err
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
