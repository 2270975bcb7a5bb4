package sqliteio_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"argos"
	"argos/io/sqliteio"
	"argos/io/storetest"
)

func open(t *testing.T, path string) argos.Store {
	t.Helper()
	s, err := sqliteio.Open(t.Context(), sqliteio.URI(path))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) argos.Store {
		s := open(t, filepath.Join(t.TempDir(), "trucks.db"))
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trucks.db")
	storetest.Reopen(t, func(t *testing.T) argos.Store { return open(t, path) })
}

// Roles that start together open a file that is not there yet, all at once.
func TestOpenedAtOnce(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "trucks.db")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s, err := sqliteio.Open(t.Context(), sqliteio.URI(path))
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// Two handles stand for two processes: the guard is the file's and not the handle's.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trucks.db")
	a, b := open(t, path), open(t, path)
	defer a.Close()
	defer b.Close()
	done := make(chan error, 2)
	for _, s := range []argos.Store{a, b} {
		go func() {
			for rev := int64(1); rev <= 100; rev++ {
				trucks := []argos.Truck{document(1, rev), document(2, rev)}
				if _, err := s.Upsert(context.Background(), trucks); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got, err := b.Truck(t.Context(), "truck-00001"); err != nil || got.Rev != 100 {
		t.Errorf("rev %d, error %v, want 100", got.Rev, err)
	}
}

// A rule that somebody has put on the database is told from a database that is down, and the document is named.
func TestUnwritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trucks.db")
	s := open(t, path)
	defer s.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`create trigger rule before insert on _argos_trucks when new.id = 'truck-00002'
		begin select raise(abort, 'not this one'); end`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Upsert(t.Context(), []argos.Truck{document(1, 1), document(2, 1), document(3, 1)})
	u, ok := errors.AsType[*argos.Unwritable](err)
	if !ok || u.ID != "truck-00002" || !strings.Contains(err.Error(), "not this one") {
		t.Fatalf("error %v, want one that names the truck", err)
	}
	if refused, err := s.Upsert(t.Context(), []argos.Truck{document(1, 1), document(3, 1)}); err != nil ||
		len(refused) > 0 {
		t.Errorf("the others: refused %v, error %v", refused, err)
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "trucks.db"))
	if _, err := s.Upsert(t.Context(), []argos.Truck{document(1, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("after Close the directory holds %v, error %v, want the database alone", left, err)
	}
}

func TestOpenSays(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, q := range statements {
			if _, err := db.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	ours := filepath.Join(dir, "newer.db")
	if err := open(t, ours).Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, uri, want string }{
		{"no directory", sqliteio.URI(filepath.Join(dir, "none", "trucks.db")), "does not exist"},
		{"a file for a directory", sqliteio.URI(filepath.Join(write("file", "x"), "trucks.db")), "not a directory"},
		{"a directory for a file", sqliteio.URI(dir), "it is a directory"},
		{
			"not a database",
			sqliteio.URI(write("garbage.db", strings.Repeat("not a database. ", 100))),
			"not a SQLite database",
		},
		{"another program's", sqliteio.URI(run("other.db", "create table cats(name text)")), "another program"},
		{"another program's mark", sqliteio.URI(run("marked.db", "pragma application_id = 7")), "another program"},
		{"a newer version", sqliteio.URI(run("newer.db", "pragma user_version = 99")), "use a newer argos"},
		{"another scheme", "mongodb://host/argos", "want sqlite:PATH"},
		{"a host", "sqlite://host/trucks.db", "sqlite:///PATH"},
		{"no path", "sqlite:", "path is missing"},
		{"memory", "sqlite::memory:", "name a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := sqliteio.Open(t.Context(), c.uri)
			if err == nil {
				_ = s.Close()
				t.Fatal("it opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.want)
			}
		})
	}
}

func TestOpenReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser can write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { //nolint:gosec // a directory needs its x
		t.Fatal(err)
	}
	_, err := sqliteio.Open(t.Context(), sqliteio.URI(filepath.Join(dir, "trucks.db")))
	if err == nil || !strings.Contains(err.Error(), "cannot write") {
		t.Errorf("error %v, want one that says that the directory cannot be written", err)
	}
}
