package mongoio_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos"
	"argos/io/mongoio"
	"argos/rig"
)

func TestTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	m, err := rig.StartMongoTLS(t.Context(), t.TempDir())
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	defer m.Kill()
	s := open(t, within(m.URI, "argos"))
	_, err = s.Upsert(t.Context(), []argos.Truck{document(1, 1)})
	must(t, err)

	bare, _, _ := strings.Cut(m.URI, "?")
	none := filepath.Join(t.TempDir(), "none.pem")
	empty := filepath.Join(t.TempDir(), "empty.pem")
	must(t, os.WriteFile(empty, nil, 0o600))
	for name, c := range map[string]struct{ uri, want string }{
		"an authority that it does not have": {bare + "?tls=true", "tlsCAFile"},
		"no TLS":                             {bare + "?tls=false", "?tls=true"},
		"a file that is not there":           {bare + "?tls=true&tlsCAFile=" + none, none},
		"a file without any":                 {bare + "?tls=true&tlsCAFile=" + empty, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			for patience := 500; patience < 20_000; patience *= 4 { // a busy server's answer may take its time
				_, err = mongoio.Open(t.Context(), fmt.Sprintf("%s&serverSelectionTimeoutMS=%d", c.uri, patience))
				if err == nil || strings.Contains(err.Error(), c.want) {
					break
				}
			}
			isLine(t, err, c.want)
		})
	}
}

// refuses says that a store does not open, in one line that says why.
func refuses(t *testing.T, uri, want string) {
	t.Helper()
	s, err := mongoio.Open(t.Context(), uri)
	if err == nil {
		_ = s.Close()
	}
	isLine(t, err, want)
}

func isLine(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatal("it opened")
	}
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q, want one line with %q", err, want)
	}
}
