package jobmanager

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// metadata is written last into the folder of a checkpoint or savepoint: without it, it is not one.
const metadata = "_metadata"

// retained is a checkpoint or savepoint that was found in a folder.
type retained struct {
	dir string
	job string    // the beginning of the id of the job that took it, as far as a savepoint's folder tells
	id  int64     // counts a job's checkpoints and savepoints
	at  time.Time // the file's
}

// NewestIn finds the newest checkpoint or savepoint below a folder that this machine can read, where a job manager
// that was restarted remembers nothing; "" when there is none. Of one job's it is the one with the greatest id,
// whatever the times of the files say, for a copy has others; only of two jobs the one with the newest file counts. A
// folder of another scheme than file can't be searched.
func NewestIn(folder string) (string, error) {
	path, ok := strings.CutPrefix(folder, "file:")
	if !ok && strings.Contains(folder, "://") {
		return "", nil
	}
	if ok {
		path = "/" + strings.TrimLeft(path, "/")
	}
	var all []retained
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == metadata {
			var r retained
			if r, err = retainedAt(p); err == nil {
				all = append(all, r)
			}
		}
		if errors.Is(err, fs.ErrNotExist) ||
			errors.Is(err, errNotMetadata) { // replaced while we looked, not whole, or no folder yet
			return nil
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look for checkpoints: %w", err)
	}
	if len(all) == 0 {
		return "", nil
	}
	job := slices.MaxFunc(all, func(a, b retained) int { return a.at.Compare(b.at) }).job
	all = slices.DeleteFunc(all, func(r retained) bool { return r.job != job })
	n := slices.MaxFunc(all, func(a, b retained) int { return cmp.Or(cmp.Compare(a.id, b.id), a.at.Compare(b.at)) })
	return "file://" + filepath.ToSlash(n.dir), nil
}

var errNotMetadata = errors.New("no metadata of a checkpoint")

// retainedAt reads the head of a metadata file: i32 magic, i32 version, i64 id, big-endian (Flink's Checkpoints and
// MetadataV2V3SerializerBase).
func retainedAt(path string) (retained, error) {
	const magic, size = 0x4960672d, 16
	f, err := os.Open(path)
	if err != nil {
		return retained{}, err
	}
	defer f.Close()
	var head [size]byte
	if _, err := io.ReadFull(f, head[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return retained{}, errNotMetadata
	} else if err != nil {
		return retained{}, err
	}
	if binary.BigEndian.Uint32(head[:]) != magic {
		return retained{}, errNotMetadata
	}
	i, err := f.Stat()
	if err != nil {
		return retained{}, err
	}
	dir := filepath.Dir(path)
	return retained{dir: dir, job: jobOf(dir), id: int64(binary.BigEndian.Uint64(head[8:])), at: i.ModTime()}, nil
}

// jobOf is the beginning of a job's id in the folder of what it has retained: JOB/chk-N, or savepoint-JOB-RANDOM.
func jobOf(dir string) string {
	const told = 6 // letters of it that a savepoint's folder has
	job := filepath.Base(filepath.Dir(dir))
	if s, is := strings.CutPrefix(filepath.Base(dir), "savepoint-"); is {
		job = s
	}
	return job[:min(told, len(job))]
}
