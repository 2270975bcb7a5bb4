package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"argos/io/sqliteio"
)

// startStore prepares the row's store.
func (s *system) startStore(ctx context.Context) error {
	if !s.parts.mongo {
		s.store = sqliteio.URI(s.path("store/trucks.db"))
		s.storedAt = s.store
		return nil
	}
	return s.startMongo(ctx)
}

// storeRows are faults of the store itself.
func storeRows() []row {
	return []row{
		{"store-locked12", "SQLite's write lock is another program's for 12 s", parts{}, true, locked},
		{"store-disk-full", "no room on the store's disk for 10 s", parts{small: "store"}, true, storeDiskFull},
		{"store-refuses-one", "the store refuses one truck's document for 10 s", parts{}, true, refusesOne},
		{"mongo-stop12", "SIGSTOP of the MongoDB-protocol server for 12 s", parts{mongo: true}, false, mongoFrozen},
		{"mongo-kill", "kill -9 of the MongoDB-protocol server", parts{mongo: true, durable: true}, false, mongoKilled},
	}
}

// asAnother is a connection to the store's file, as another program would have.
func (s *system) asAnother(ctx context.Context, use func(*sql.Conn) error) error {
	db, err := sql.Open("sqlite", "file:"+s.path("store/trucks.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return use(conn)
}

// during keeps a state of the store between two statements.
func (s *system) during(ctx context.Context, d time.Duration, before, after string) error {
	return s.asAnother(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, before); err != nil {
			return fmt.Errorf("%s: %w", before, err)
		}
		if err := pause(ctx, d); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, after); err != nil {
			return fmt.Errorf("%s: %w", after, err)
		}
		return nil
	})
}

// writeFailures counts what the sink had to write again.
const writeFailures = "argos_sink_write_failures_total"

func locked(ctx context.Context, s *system) error {
	return felt(
		ctx,
		s.pipeline,
		writeFailures,
		func() error { return s.during(ctx, freeze, "begin immediate", "rollback") },
	)
}

func refusesOne(ctx context.Context, s *system) error {
	return s.during(
		ctx,
		10*time.Second,
		`create trigger refuse before update on _argos_trucks when new.id = 'T-00007' begin select raise(abort, 'not this one'); end`,
		"drop trigger refuse",
	)
}

// storeDiskFull empties SQLite's log before it fills the disk, for what the log once took is written again and again.
func storeDiskFull(ctx context.Context, s *system) error {
	return felt(ctx, s.pipeline, writeFailures, func() error {
		err := s.asAnother(ctx, func(conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "pragma wal_checkpoint(truncate)")
			return errors.Join(err, s.disk.fill())
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, 10*time.Second); err != nil {
			return err
		}
		return s.disk.clear()
	})
}
