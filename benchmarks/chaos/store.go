package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"argos/io/sqliteio"
	"argos/rig"
)

// fullMongo is the address of a MongoDB, if one is given; the database argos_chaos of it is used.
func fullMongo() string { return os.Getenv("ARGOS_TEST_MONGO") }

// startStore prepares the row's store.
func (s *system) startStore(ctx context.Context) error {
	if !s.parts.mongo {
		s.store = sqliteio.URI(s.path("store/trucks.db"))
		s.storedAt = s.store
		return nil
	}
	address := fullMongo()
	if address == "" {
		m, err := rig.StartMongo(ctx, s.path("store"))
		if errors.Is(err, rig.ErrMissing) {
			return fmt.Errorf("%w: %w", errNotHere, err)
		}
		if err != nil {
			return err
		}
		s.mongo = &part{name: "mongo", Server: m.Server}
		address = m.URI
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Host, ",") {
		return fmt.Errorf("%w: one host is wanted, for the proxy: %w", errNotHere, err)
	}
	q := u.Query()
	q.Set("directConnection", "true")
	u.RawQuery = q.Encode()
	u.Path = fmt.Sprintf("/argos_chaos_%d", time.Now().UnixNano())
	s.store = u.String()
	if s.persist, err = newLink(cmp.Or(u.Host, "127.0.0.1:27017")); err != nil {
		return err
	}
	u.Host = s.persist.addr
	s.storedAt = u.String()
	return nil
}

// storeRows are faults of the store itself.
func storeRows() []row {
	return []row{
		{"store-locked12", "SQLite's write lock is another program's for 12 s", parts{}, true, locked},
		{"store-disk-full", "no room on the store's disk for 10 s", parts{small: "store"}, true, storeDiskFull},
		{"store-refuses-one", "the store refuses one truck's document for 10 s", parts{}, true, refusesOne},
		{"mongo-stop12", "SIGSTOP of the MongoDB-protocol server for 12 s", parts{mongo: true}, false, func(ctx context.Context, s *system) error {
			if s.mongo == nil {
				return fmt.Errorf("%w: the server at ARGOS_TEST_MONGO is not ours to stop", errNotHere)
			}
			return frozen(ctx, s.mongo, freeze)
		}},
		{"mongo-kill", "kill -9 of MongoDB", parts{mongo: true}, false, func(context.Context, *system) error {
			return fmt.Errorf("%w: a server of our own that survives it is needed, and the one at hand keeps its data in memory", errNotHere)
		}},
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
	return felt(ctx, s.pipeline, writeFailures, func() error { return s.during(ctx, freeze, "begin immediate", "rollback") })
}

func refusesOne(ctx context.Context, s *system) error {
	return s.during(ctx, 10*time.Second,
		`create trigger refuse before update on _argos_trucks when new.id = 'T-00007' begin select raise(abort, 'not this one'); end`, "drop trigger refuse")
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
