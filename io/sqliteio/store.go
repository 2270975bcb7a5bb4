// Package sqliteio keeps the fleet in one SQLite file, through a driver in pure Go: the embedded store.
package sqliteio

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"argos"
)

// readers bounds the queries that run at once. They work on snapshots and never wait for the writer.
const readers = 4

var errForeign = errors.New("it is a database of another program")

// store writes over one connection, since SQLite has one writer at a time anyhow and a queue in the process is fairer
// than one of lock polls, and reads over a few others.
type store struct {
	writer, reader *sql.DB

	update, upsert, stored, setMark               *sql.Stmt // of writer
	truck, trucks, inBox, inCells, after, getMark *sql.Stmt // of reader
}

var _ argos.Store = (*store)(nil)

// Open opens the store in the file that a URI such as sqlite:trucks.db names, and makes the file when there is none.
// The directory must exist.
//
// The file is in WAL mode with synchronous=NORMAL. A process that dies loses nothing. When the machine loses power, the
// newest transactions may be missing, always a tail of them: see SetMarks for why that is as good.
func Open(ctx context.Context, uri string) (argos.Store, error) {
	path, err := pathOf(uri)
	if err != nil {
		return nil, err
	}
	if err := checkDir(path); err != nil {
		return nil, err
	}
	for give := time.Now().Add(lockedFor); ; {
		s, err := open(ctx, path)
		if err == nil {
			return s, nil
		}
		if !busy(err) || time.Now().After(give) {
			return nil, explain(path, err)
		}
		select {
		case <-ctx.Done():
			return nil, explain(path, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lockedFor is how long another process may keep the file locked. SQLite waits so long by itself (busy_timeout), but
// not when the mode of a new file is changed: of two that open it at once, one is told that it is locked without any
// wait.
const lockedFor = 5 * time.Second

func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

func open(ctx context.Context, path string) (_ *store, err error) {
	s := &store{}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	// 64 MiB of cache hold the indexes and hot pages of 100,000 trucks. A checkpoint every 64 MiB of log costs less
	// than the default of 4: each writes back every page that has changed since, and a moving fleet changes most of
	// them.
	if s.writer, err = connect(path, 1, "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)",
		"cache_size(-65536)", "wal_autocheckpoint(16384)", "journal_size_limit(67108864)"); err != nil {
		return nil, err
	}
	if err = prepare(ctx, s.writer); err != nil {
		return nil, err
	}
	if s.reader, err = connect(path, readers, "busy_timeout(5000)", "query_only(1)", "cache_size(-16384)"); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		dst **sql.Stmt
		db  *sql.DB
		sql string
	}{
		{&s.update, s.writer, updateSQL},
		{&s.upsert, s.writer, upsertSQL},
		{&s.stored, s.writer, storedSQL},
		{&s.setMark, s.writer, setMarkSQL},
		{&s.truck, s.reader, truckSQL},
		{&s.trucks, s.reader, trucksSQL},
		{&s.inBox, s.reader, inBoxSQL},
		{&s.inCells, s.reader, inCellsSQL},
		{&s.after, s.reader, afterSQL},
		{&s.getMark, s.reader, marksSQL},
	} {
		if *p.dst, err = p.db.PrepareContext(ctx, p.sql); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func connect(path string, connections int, pragmas ...string) (*sql.DB, error) {
	name, err := dsn(path, pragmas...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// checkDir says what SQLite would call "unable to open database file" for four different reasons.
func checkDir(path string) error {
	dir := filepath.Dir(path)
	switch st, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("database %s: the directory %s does not exist", path, dir)
	case err != nil:
		return fmt.Errorf("database %s: %w", path, err)
	case !st.IsDir():
		return fmt.Errorf("database %s: %s is not a directory", path, dir)
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return fmt.Errorf("database %s: it is a directory; name a file in it", path)
	}
	return nil
}

// explain turns SQLite's result codes into what the person at the keyboard can act on.
func explain(path string, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("database %s: the file is not a SQLite database: %w", path, err)
		case sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("database %s: the file is damaged; restore it from a backup: %w", path, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return fmt.Errorf(
				"database %s: this user cannot write the file or its directory %s: %w",
				path,
				filepath.Dir(path),
				err,
			)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("database %s: another process has kept it locked for 5 s: %w", path, err)
		}
	}
	return fmt.Errorf("database %s: %w", path, err)
}

// Ping says whether the store answers, the writer included.
func (s *store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.QueryRowContext(ctx, "select 1 from sqlite_schema limit 1").Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close waits for what is running, and leaves everything in the one file: SQLite folds the write-ahead log into it
// when its last connection goes, which must be the writer's for the others could not.
func (s *store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
