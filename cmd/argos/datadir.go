package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"argos/io/sqliteio"
)

// dataDir is a demo's folder: the embedded broker's log, the embedded store and the senders' ledger.
type dataDir struct {
	path      string
	lock      *flock.Flock
	temporary bool
}

// openDataDir makes the folder, a temporary one if path is empty, and takes it for this process alone: two brokers on
// one log would destroy it.
func openDataDir(path string) (*dataDir, error) {
	d := &dataDir{path: path, temporary: path == ""}
	if d.temporary {
		tmp, err := os.MkdirTemp("", "argos-demo-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary data directory: %w", err)
		}
		d.path = tmp
	}
	if err := os.MkdirAll(d.path, 0o755); err != nil {
		return nil, fmt.Errorf("can't make the data directory: %w", err)
	}
	return d, d.take()
}

// existingDataDir takes the folder of a stopped demo.
func existingDataDir(path string) (*dataDir, error) {
	d := &dataDir{path: path}
	for _, part := range []string{d.ledger(), d.documents(), d.log()} {
		if _, err := os.Stat(part); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s is not a demo's data directory: it has no %s (one that ran with --kafka has no log of its own)", path, filepath.Base(part))
		} else if err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
	}
	return d, d.take()
}

func (d *dataDir) take() error {
	d.lock = flock.New(filepath.Join(d.path, "lock"))
	switch ok, err := d.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("can't write in the data directory %s: %w", d.path, errors.Unwrap(err))
	case !ok:
		return fmt.Errorf("the data directory %s is in use by another argos", d.path)
	}
	return nil
}

func (d *dataDir) log() string       { return filepath.Join(d.path, "log") }
func (d *dataDir) documents() string { return filepath.Join(d.path, "trucks.db") }
func (d *dataDir) store() string     { return sqliteio.URI(d.documents()) }
func (d *dataDir) ledger() string    { return filepath.Join(d.path, "ledger.ndjson") }

func (d *dataDir) close() error {
	err := d.lock.Unlock()
	if d.temporary {
		err = errors.Join(err, os.RemoveAll(d.path))
	}
	return err
}
