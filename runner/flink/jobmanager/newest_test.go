package jobmanager

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestNewestIn: the newest whole checkpoint or savepoint of the job that was last at work. Its id says which that is,
// and not the times of the files, which a copy has made anew.
func TestNewestIn(t *testing.T) {
	head := func(id uint64) string {
		return string(binary.BigEndian.AppendUint64([]byte{0x49, 0x60, 0x67, 0x2d, 0, 0, 0, 5}, id))
	}
	type file struct{ path, content string }
	for name, c := range map[string]struct {
		files []file // oldest first, by their times
		want  string
	}{
		"none":                  {nil, ""},
		"none that is whole":    {[]file{{"aaaaaa11/chk-1/_metadata", ""}, {"aaaaaa11/chk-2/_metadata", "x"}, {"aaaaaa11/shared/_other", "x"}}, ""},
		"in order":              {[]file{{"aaaaaa11/chk-9/_metadata", head(9)}, {"aaaaaa11/chk-10/_metadata", head(10)}}, "aaaaaa11/chk-10"},
		"copied":                {[]file{{"aaaaaa11/chk-10/_metadata", head(10)}, {"aaaaaa11/chk-9/_metadata", head(9)}}, "aaaaaa11/chk-10"},
		"its own savepoint":     {[]file{{"savepoints/savepoint-aaaaaa-1/_metadata", head(11)}, {"aaaaaa11/chk-10/_metadata", head(10)}}, "savepoints/savepoint-aaaaaa-1"},
		"an earlier savepoint":  {[]file{{"aaaaaa11/chk-12/_metadata", head(12)}, {"savepoints/savepoint-aaaaaa-1/_metadata", head(11)}}, "aaaaaa11/chk-12"},
		"a job that began anew": {[]file{{"aaaaaa11/chk-90/_metadata", head(90)}, {"bbbbbb11/chk-1/_metadata", head(1)}, {"bbbbbb11/chk-2/_metadata", head(2)}}, "bbbbbb11/chk-2"},
	} {
		dir := t.TempDir()
		for i, f := range c.files {
			p, at := filepath.Join(dir, f.path), time.Now().Add(time.Duration(i)*time.Minute)
			if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(f.content), 0o644), os.Chtimes(p, at, at)); err != nil {
				t.Fatal(err)
			}
		}
		want := c.want
		if want != "" {
			want = "file://" + dir + "/" + want
		}
		for _, at := range []string{dir, "file://" + dir} {
			if p, err := NewestIn(at); p != want || err != nil {
				t.Errorf("%s: %q, %v", name, p, err)
			}
		}
	}
	for _, none := range []string{"file://" + t.TempDir() + "/none", "s3://bucket/x"} {
		if p, err := NewestIn(none); p != "" || err != nil {
			t.Error(none, p, err)
		}
	}
}
