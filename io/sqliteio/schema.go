package sqliteio

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
)

const (
	// applicationID marks the file as ours ("Argo" in ASCII), so that another program's database is not written to.
	applicationID = 0x4172676f
	// schemaVersion is kept as user_version; raise it with every change of the tables.
	schemaVersion = 3
)

// trucksTable holds the documents as they are written. Whoever queries them reads the view trucks instead.
//
// A quantity that is not known (NaN) is null: SQLite makes no difference between the two, and neither does a range
// predicate, so a truck without a position lies in no box. Times are ms since 1970.
//
// Columns of reals have no declared type: one of type real would store -0 as 0, and a document must come back as it was
// folded, bit for bit.
//
// Invariant: the index is on cell alone, which changes once a kilometre and not with every fix (see cellOf). An index
// on the position itself, or on updated, is rewritten with each document: the two that there were took half of the time
// of writing.
//
// A row is some 600 bytes, mostly track; that is too much for a table without rowid, whose inner pages would then hold
// whole rows.
const trucksTable = `
create table _argos_trucks(
	id            text    not null unique,
	rev           integer not null,
	pos_epoch     integer not null,
	pos_partition integer not null,
	pos_offset    integer not null,
	time          integer,
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
	track         blob,
	cell          integer
);
create index _argos_cell on _argos_trucks(cell);`

// trucksView shows the documents under the names that every store and the API use. Times are texts of the form that
// SQLite's own functions return, so that they compare with datetime('now', '-1 minute'); lat and lon are beside
// location, for plain conditions. What only argos needs is under _argos, without the packed track. Nothing of it is
// computed when a document is written.
const trucksView = `
create view trucks as select
	id as _id,
	case when lat is not null and lon is not null then
		json_object('type', 'Point', 'coordinates', json_array(round(lon, 7), round(lat, 7))) end as location,
	lat,
	lon,
	case when raw_lat is not null and raw_lon is not null then
		json_object('type', 'Point', 'coordinates', json_array(round(raw_lon, 7), round(raw_lat, 7))) end as raw,
	strftime('%Y-%m-%d %H:%M:%f', time / 1000.0, 'unixepoch') as time,
	strftime('%Y-%m-%d %H:%M:%f', recv / 1000.0, 'unixepoch') as recv,
	strftime('%Y-%m-%d %H:%M:%f', updated / 1000.0, 'unixepoch') as updated,
	speed, heading, accuracy, status, fixes, duplicates, late, rejected, attrs,
	json_object('rev', rev, 'pos',
		json_object('epoch', pos_epoch, 'partition', pos_partition, 'offset', pos_offset)) as _argos
from _argos_trucks;`

const marksTable = `
create table marks(
	topic     text    not null,
	partition integer not null,
	epoch     integer not null,
	next      integer not null,
	time      integer not null default 0,
	primary key(topic, partition)
) without rowid;`

// upgrades bring the tables of a version to the next one.
var upgrades = map[int]string{
	1: `alter table marks add column time integer not null default 0`,
	2: trucksTable + `
insert into _argos_trucks select id, rev, pos_epoch, pos_partition, pos_next, nullif(time, 0), recv, lat, lon,
	raw_lat, raw_lon, speed, heading, accuracy, status, fixes, duplicates, late, rejected, updated, attrs, track,
	cast((lat + 90) * 100 as integer) * 65536 + cast((lon + 180) * 100 as integer) from trucks;
drop table trucks;` + trucksView,
}

// prepare makes the tables in a new file, brings those of an older version up to date, and refuses a file that is not
// ours or newer than this program. It writes in every case, so that a store that cannot be written fails at its opening
// and not at its first document.
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
		return fmt.Errorf(
			"its schema has version %d and this program knows up to %d: use a newer argos",
			version,
			schemaVersion,
		)
	case app != applicationID && (app != 0 || tables > 0):
		return errForeign
	case app == 0:
		if _, err := tx.ExecContext(ctx, trucksTable+trucksView+marksTable); err != nil {
			return err
		}
		version = schemaVersion
	}
	if version < schemaVersion {
		slog.InfoContext(
			ctx,
			"bringing an older database into the shape of this version",
			"from",
			version,
			"to",
			schemaVersion,
		)
	}
	for ; version < schemaVersion; version++ {
		if _, err := tx.ExecContext(ctx, upgrades[version]); err != nil {
			return fmt.Errorf("bring it from version %d to the next: %w", version, err)
		}
	}
	stamp := fmt.Sprintf("pragma application_id = %d; pragma user_version = %d", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, stamp); err != nil {
		return err
	}
	return tx.Commit()
}
