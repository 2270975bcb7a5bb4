package sqliteio

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"argos"
)

// The guard is in the statements, so that it holds against every writer of the file, in this process or another.
//
// SQLite rewrites an index whenever a statement sets one of its columns, to the same value too. So there is a statement
// for the usual document, whose truck is known and still in its cell, which sets all but the cell; what it does not
// match is left to the other, which is the whole truth.
const (
	updateSQL = `update _argos_trucks set
		rev = ?2, pos_epoch = ?3, pos_partition = ?4, pos_offset = ?5, time = ?6, recv = ?7, lat = ?8, lon = ?9,
		raw_lat = ?10, raw_lon = ?11, speed = ?12, heading = ?13, accuracy = ?14, status = ?15,
		fixes = ?16, duplicates = ?17, late = ?18, rejected = ?19, updated = ?20,
		attrs = coalesce(?21, attrs), track = ?22
	where id = ?1 and rev < ?2 and cell is ?23`
	upsertSQL = `insert into _argos_trucks(` + columns + `, track, cell)
	values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	on conflict(id) do update set
		rev = excluded.rev, pos_epoch = excluded.pos_epoch, pos_partition = excluded.pos_partition,
		pos_offset = excluded.pos_offset, time = excluded.time, recv = excluded.recv, lat = excluded.lat,
		lon = excluded.lon, raw_lat = excluded.raw_lat, raw_lon = excluded.raw_lon, speed = excluded.speed,
		heading = excluded.heading, accuracy = excluded.accuracy, status = excluded.status, fixes = excluded.fixes,
		duplicates = excluded.duplicates, late = excluded.late, rejected = excluded.rejected,
		updated = excluded.updated, attrs = coalesce(excluded.attrs, attrs), track = excluded.track,
		cell = excluded.cell
	where excluded.rev > _argos_trucks.rev`
	storedSQL = `select rev, pos_epoch, pos_partition, pos_offset from _argos_trucks where id = ?`
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
	update, upsert, stored := tx.StmtContext(
		free,
		s.update,
	), tx.StmtContext(
		free,
		s.upsert,
	), tx.StmtContext(
		free,
		s.stored,
	)
	// By the clock under the write lock, so that documents become visible in the order of Updated.
	now := time.Now().UnixMilli()
	for i := range trucks {
		t := &trucks[i]
		args := row(t, now)
		written, err := affects(free, update, args)
		if err == nil && !written {
			written, err = affects(free, upsert, args)
		}
		switch {
		case err != nil:
			return nil, ended(ctx, refusal(t.ID, err))
		case written:
			continue
		}
		is := argos.Refusal{ID: t.ID}
		err = stored.QueryRowContext(free, t.ID).Scan(&is.Rev, &is.Pos.Epoch, &is.Pos.Partition, &is.Pos.Next)
		if err != nil {
			return nil, ended(ctx, err)
		}
		refused = append(refused, is)
	}
	return refused, ended(ctx, tx.Commit())
}

// row is a document in the order of columns, with its track and cell.
func row(t *argos.Truck, now int64) []any {
	return []any{
		t.ID, t.Rev, t.Pos.Epoch, t.Pos.Partition, t.Pos.Next, instant(t.Time), t.Recv,
		t.Lat, t.Lon, t.Raw.Lat, t.Raw.Lon, t.Speed, t.Heading, t.Accuracy, t.Status.String(),
		t.Fixes, t.Duplicates, t.Late, t.Rejected, now, text(t.Attrs), blob(t.Track), cellOf(t.Lat, t.Lon),
	}
}

// affects runs a statement and says whether it has written its row.
func affects(ctx context.Context, stmt *sql.Stmt, args []any) (bool, error) {
	r, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// refusal marks an error that a rule of the database (a constraint, a trigger, its bound on a row's size) has against
// one document. The transaction is undone: none of the call is written.
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

// instant, text and blob make null of what is absent.
func instant(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

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
