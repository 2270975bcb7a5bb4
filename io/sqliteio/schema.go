package sqliteio

import (
	"context"
	"database/sql"
	"fmt"
)

const (
	// applicationID marks the file as ours ("Argo" in ASCII), so that another program's database is not written to.
	applicationID = 0x4172676f
	// schemaVersion is kept as user_version; raise it with every change of the tables.
	schemaVersion = 2
)

// A quantity that is not known (NaN) is null: SQLite makes no difference between the two, and neither does a range
// predicate, so a truck without a position lies in no box. Places are stored as numbers with a plain index each way
// that they are asked for: by id, by latitude and longitude, by the time of the last write.
//
// These columns have no declared type: one of type real would store -0 as 0, and a document must come back as it was
// folded, bit for bit.
//
// A row is some 700 bytes, mostly track; that is too much for a table without rowid, whose inner pages would then hold
// whole rows.
const schema = `
create table trucks(
	id            text    not null unique,
	rev           integer not null,
	pos_epoch     integer not null,
	pos_partition integer not null,
	pos_next      integer not null,
	time          integer not null,
	recv          integer not null,
	lat,
	lon,
	raw_lat,
	raw_lon,
	speed,
	heading,
	accuracy,
	status        text    not null,
	fixes         integer not null,
	duplicates    integer not null,
	late          integer not null,
	rejected      integer not null,
	updated       integer not null,
	attrs         text,
	track         blob
);
create index trucks_place on trucks(lat, lon);
create index trucks_updated on trucks(updated);
create table marks(
	topic     text    not null,
	partition integer not null,
	epoch     integer not null,
	next      integer not null,
	time      integer not null default 0,
	primary key(topic, partition)
) without rowid;`

// toVersion2 gives the marks of an older file the time of the record below.
const toVersion2 = `alter table marks add column time integer not null default 0`

// prepare makes the tables in a new file, and refuses a file that is not ours or newer than this program. It writes in
// every case, so that a store that cannot be written fails at its opening and not at its first document.
func prepare(ctx context.Context, writer *sql.DB) error {
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var app, version, tables int
	for _, q := range []struct {
		sql string
		dst *int
	}{
		{"pragma application_id", &app},
		{"pragma user_version", &version},
		{"select count(*) from sqlite_schema", &tables},
	} {
		if err := tx.QueryRowContext(ctx, q.sql).Scan(q.dst); err != nil {
			return err
		}
	}
	switch {
	case app == applicationID && version > schemaVersion:
		return fmt.Errorf("its schema has version %d and this program knows up to %d: use a newer argos", version, schemaVersion)
	case app != applicationID && (app != 0 || tables > 0):
		return errForeign
	case app == 0:
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
	case version < 2:
		if _, err := tx.ExecContext(ctx, toVersion2); err != nil {
			return err
		}
	}
	stamp := fmt.Sprintf("pragma application_id = %d; pragma user_version = %d", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, stamp); err != nil {
		return err
	}
	return tx.Commit()
}
