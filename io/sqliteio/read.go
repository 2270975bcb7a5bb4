package sqliteio

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"argos"
)

// columns are in the order of scan and of upsertSQL; track comes after them, for it is large and often not wanted.
const columns = `id, rev, pos_epoch, pos_partition, pos_next, time, recv, lat, lon, raw_lat, raw_lon, speed, heading,
	accuracy, status, fixes, duplicates, late, rejected, updated, attrs`

const (
	truckSQL  = `select ` + columns + `, track from trucks where id = ?`
	trucksSQL = `select ` + columns + `, track from trucks where id in (select value from json_each(?))`
	afterSQL  = `select ` + columns + `, track from trucks where id > ? order by id limit ?`
	// Two ranges of longitude serve the box that crosses the antimeridian and the one that does not (both the same).
	inBoxSQL = `select ` + columns + `, null from trucks
	where lat between ?1 and ?2 and (lon between ?3 and ?4 or lon between ?5 and ?6) order by id limit ?7`
	changedSQL = `select ` + columns + `, null from trucks where updated >= ? order by updated limit ?`
)

func (s *store) Truck(ctx context.Context, id string) (argos.Truck, error) {
	var t argos.Truck
	switch err := scan(s.truck.QueryRowContext(ctx, id), &t); {
	case errors.Is(err, sql.ErrNoRows):
		return argos.Truck{}, fmt.Errorf("truck %q: %w", id, argos.ErrNotFound)
	case err != nil:
		return argos.Truck{}, fmt.Errorf("read truck %q: %w", id, err)
	}
	return t, nil
}

func (s *store) Trucks(ctx context.Context, ids []string) ([]argos.Truck, error) {
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("read %d trucks: %w", len(ids), err)
	}
	// A string, for SQLite takes a blob for its own binary JSON.
	return collect(ctx, "read trucks by id", s.trucks, len(ids), string(list))
}

func (s *store) InBox(ctx context.Context, box argos.Box, limit int) ([]argos.Truck, error) {
	if err := box.Check(); err != nil {
		return nil, fmt.Errorf("trucks in box: %w", err)
	}
	w1, e1, w2, e2 := box.West, box.East, box.West, box.East
	if box.West > box.East {
		e1, w2 = 180, -180
	}
	return collect(ctx, "read trucks in box", s.inBox, limit, box.South, box.North, w1, e1, w2, e2, max(limit, 0))
}

func (s *store) After(ctx context.Context, id string, limit int) ([]argos.Truck, error) {
	return collect(ctx, "read trucks by page", s.after, limit, id, max(limit, 0))
}

func (s *store) Changed(ctx context.Context, since int64, limit int) ([]argos.Truck, error) {
	return collect(ctx, "read changed trucks", s.changed, limit, since, max(limit, 0))
}

// collect reads the documents that a statement answers, about n of them.
func collect(ctx context.Context, doing string, stmt *sql.Stmt, n int, args ...any) (_ []argos.Truck, err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	trucks := make([]argos.Truck, 0, min(max(n, 0), 1024))
	for rows.Next() {
		var t argos.Truck
		if err := scan(rows, &t); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		trucks = append(trucks, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return trucks, nil
}

func scan(row interface{ Scan(dst ...any) error }, t *argos.Truck) error {
	var status string
	var attrs, track []byte
	err := row.Scan(&t.ID, &t.Rev, &t.Pos.Epoch, &t.Pos.Partition, &t.Pos.Next, &t.Time, &t.Recv,
		(*quantity)(&t.Lat), (*quantity)(&t.Lon), (*quantity)(&t.Raw.Lat), (*quantity)(&t.Raw.Lon),
		(*quantity)(&t.Speed), (*quantity)(&t.Heading), (*quantity)(&t.Accuracy), &status,
		&t.Fixes, &t.Duplicates, &t.Late, &t.Rejected, &t.Updated, &attrs, &track)
	if err != nil {
		return err
	}
	t.Attrs, t.Track = attrs, track
	var known bool
	if t.Status, known = argos.ParseStatus(status); !known {
		return fmt.Errorf("truck %q has the unknown status %q", t.ID, status)
	}
	return nil
}

// quantity scans a real, with null as NaN.
type quantity float64

func (q *quantity) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*q = quantity(math.NaN())
	case float64:
		*q = quantity(v)
	default:
		return fmt.Errorf("%T in a column of reals", v)
	}
	return nil
}
