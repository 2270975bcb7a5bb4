package pipelines

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestDiscardParts: what workers that were killed have left of one job goes; results, and what other jobs write, stay.
func TestDiscardParts(t *testing.T) {
	dir := t.TempDir()
	f, err := new(Tally).create(dir, ".smooth-1-ab.*"+partial)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, name := range []string{".smooth-1-abc.7.part", ".smooth-1.7.part", "drive.csv", ".smooth-1-ab.csv"} {
		write(t, filepath.Join(dir, name), "x")
	}
	discardParts(dir, "smooth-1-ab")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Error(left, err)
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", f.Name(), err)
	}
}
