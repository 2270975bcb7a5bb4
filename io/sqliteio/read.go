package sqliteio

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"argos"
)

// columns are in the order of scan; track comes after them, for it is large and often not wanted.
const columns = `id, rev, pos_epoch, pos_partition, pos_offset, time, recv, lat, lon, raw_lat, raw_lon, speed, heading,
	accuracy, status, fixes, duplicates, late, rejected, updated, attrs`

const (
	truckSQL  = `select ` + columns + `, track from _argos_trucks where id = ?`
	trucksSQL = `select ` + columns + `, track from _argos_trucks where id in (select value from json_each(?))`
	afterSQL  = `select ` + columns + `, track from _argos_trucks where id > ? order by id limit ?`
	inBoxSQL  = `select ` + columns + `, null from _argos_trucks
	where lat between ?1 and ?2 and lon between ?3 and ?4 order by id limit ?5`
	// The same by the index: in each row of cells that the box touches, from its western to its eastern one.
	inCellsSQL = `with recursive cells(west) as (select ?6 union all select west + ?9 from cells where west < ?7)
	select ` + columns + `, null from cells cross join _argos_trucks
	where cell between west and west + ?8 and lat between ?1 and ?2 and lon between ?3 and ?4 order by id limit ?5`
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
	var all []argos.Truck
	for _, b := range halves(box) {
		args := []any{b.South, b.North, b.West, b.East, max(limit, 0)}
		stmt := s.inBox
		if bottom, top := latCell(b.South), latCell(b.North); top-bottom < maxCellRows {
			west, east := lonCell(b.West), lonCell(b.East)
			stmt, args = s.inCells, append(args, bottom*cellRow+west, top*cellRow+west, east-west, cellRow)
		}
		trucks, err := collect(ctx, "read trucks in box", stmt, limit, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, trucks...)
	}
	slices.SortFunc(all, func(a, b argos.Truck) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(len(all), max(limit, 0))], nil
}

func (s *store) After(ctx context.Context, id string, limit int) ([]argos.Truck, error) {
	return collect(ctx, "read trucks by page", s.after, limit, id, max(limit, 0))
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
	var instant sql.NullInt64
	err := row.Scan(&t.ID, &t.Rev, &t.Pos.Epoch, &t.Pos.Partition, &t.Pos.Next, &instant, &t.Recv,
		(*quantity)(&t.Lat), (*quantity)(&t.Lon), (*quantity)(&t.Raw.Lat), (*quantity)(&t.Raw.Lon),
		(*quantity)(&t.Speed), (*quantity)(&t.Heading), (*quantity)(&t.Accuracy), &status,
		&t.Fixes, &t.Duplicates, &t.Late, &t.Rejected, &t.Updated, &attrs, &track)
	if err != nil {
		return err
	}
	t.Time, t.Attrs, t.Track = instant.Int64, attrs, track
	var known bool
	if t.Status, known = argos.ParseStatus(status); !known {
		return fmt.Errorf("%w: truck %q has the unknown status %q", argos.ErrDocument, t.ID, status)
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
