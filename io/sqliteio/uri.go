package sqliteio

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Scheme begins the address of every SQLite store.
const Scheme = "sqlite"

// URI is the address of the store in a file, whatever characters its path has.
func URI(path string) string {
	// PathEscape would also escape the slashes, which are to stay readable.
	segments := strings.Split(filepath.ToSlash(path), "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return Scheme + ":" + strings.Join(segments, "/")
}

// pathOf is the inverse of URI. It also takes what people write by hand: three slashes before an absolute path, bare
// spaces, a % that begins no escape.
func pathOf(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, Scheme+":")
	if !ok {
		return "", fmt.Errorf("store address %q: want sqlite:PATH", uri)
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		if !strings.HasPrefix(after, "/") {
			return "", fmt.Errorf("store address %q: want sqlite:PATH, or sqlite:///PATH for an absolute one", uri)
		}
		rest = after
	}
	if path, err := url.PathUnescape(rest); err == nil {
		rest = path
	}
	switch {
	case rest == "":
		return "", fmt.Errorf("store address %q: the path is missing", uri)
	case rest == ":memory:":
		return "", errors.New("a store in memory would forget its fleet: name a file")
	case strings.ContainsRune(rest, 0):
		return "", fmt.Errorf("store address %q: a path cannot hold a zero byte", uri)
	}
	return filepath.FromSlash(rest), nil
}

// dsn is what the driver opens a path by. The path is made absolute, so that neither a later change of directory nor a
// leading "//" changes the file that is meant.
func dsn(path string, pragmas ...string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path of the database %s: %w", path, err)
	}
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath() + "?" + q.Encode(), nil
}
