package sqliteio

import (
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

func TestPathOf(t *testing.T) {
	for uri, want := range map[string]string{
		"sqlite:trucks.db":            "trucks.db",
		"sqlite:data/trucks.db":       "data/trucks.db",
		"sqlite:/data/trucks.db":      "/data/trucks.db",
		"sqlite:///data/trucks.db":    "/data/trucks.db",
		"sqlite:///my data/trucks.db": "/my data/trucks.db",
		"sqlite:my%20data.db":         "my data.db",
		"sqlite:100%.db":              "100%.db",
		"sqlite:a?b#c.db":             "a?b#c.db",
		"sqlite:a+b.db":               "a+b.db",
	} {
		if got, err := pathOf(uri); err != nil || got != want {
			t.Errorf("%s is %q, error %v, want %q", uri, got, err, want)
		}
	}
}

func TestURIIsTheInverse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.StringMatching(`/?[a-z %?#&:+ä][a-zA-Z0-9 %?#&:+ä./]{0,30}`).Draw(rt, "path")
		if path == ":memory:" {
			rt.Skip()
		}
		if got, err := pathOf(URI(path)); err != nil || got != filepath.FromSlash(path) {
			rt.Fatalf("%q became %q by way of %q, error %v", path, got, URI(path), err)
		}
	})
}

// A file by any name is found under that name, through the registry that every worker opens its store by.
func TestOpenByStrangeNames(t *testing.T) {
	var stores argos.Stores
	stores.Register(Scheme, Open)
	for _, name := range []string{
		"trucks.db", "my trucks.db", "100%.db", "a%20b.db", "what?.db", "a#b.db", "ä&x=1.db", "a+b.db",
	} {
		path := filepath.Join(t.TempDir(), name)
		s, err := stores.Open(t.Context(), URI(path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
