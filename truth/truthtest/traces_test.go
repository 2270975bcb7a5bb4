package truthtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"argos/truth/truthtest"
)

func write(t *testing.T, root string, files ...string) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBesideAParent(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(
		t,
		root,
		"project/room/x",
		"shared/traces/a/1/fixes.csv",
		"shared/traces/a/2/fixes.csv",
		"shared/traces/feed/rows.csv",
		"shared/traces2/a-hard/1/fixes.csv",
		"shared/traces2/a-hard/1/fixes_corrupt.csv",
		"shared/traces2/b/1/fixes.csv",
	)
	t.Setenv("ARGOS_TRACES", "")
	t.Chdir(filepath.Join(root, "project", "room"))
	in := func(names ...string) (all []string) {
		for _, n := range names {
			all = append(all, filepath.Join(root, "shared", n))
		}
		return all
	}
	if got := truthtest.Folders(t); !slices.Equal(got, in("traces", "traces2")) {
		t.Error(got)
	}
	if got := truthtest.Sets(t, "fixes.csv"); !slices.Equal(got, in("traces/a", "traces2/b")) {
		t.Error(got)
	}
	if got := truthtest.Sets(t, "fixes_corrupt.csv"); !slices.Equal(got, in("traces2/a-hard")) {
		t.Error(got)
	}
	if got := truthtest.Path(t, "b", "1"); got != in("traces2/b/1")[0] {
		t.Error(got)
	}
}

func TestListed(t *testing.T) {
	t.Setenv("ARGOS_TRACES", "one"+string(os.PathListSeparator)+"two")
	if got := truthtest.Folders(t); !slices.Equal(got, []string{"one", "two"}) {
		t.Error(got)
	}
}
