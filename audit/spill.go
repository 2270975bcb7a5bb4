package audit

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// spill is a sequence of entries of one size, divided among files by their keys.
type spill struct {
	size  int
	files []*os.File
	out   []*bufio.Writer
}

func newSpill(dir, name string, buckets, size int) (*spill, error) {
	s := &spill{size: size}
	for i := range buckets {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d", name, i)))
		if err != nil {
			return s, fmt.Errorf("make a temporary file: %w", err)
		}
		s.files, s.out = append(s.files, f), append(s.out, bufio.NewWriterSize(f, 1<<15))
	}
	return s, nil
}

func (s *spill) add(k key, entry []byte) error {
	if _, err := s.out[int(binary.BigEndian.Uint16(k[:]))*len(s.out)>>16].Write(entry); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	return nil
}

// each hands a bucket's entries on, in the order in which they were added; they are valid until it returns.
func (s *spill) each(bucket int, f func(entry []byte)) error {
	err := s.out[bucket].Flush()
	if err == nil {
		_, err = s.files[bucket].Seek(0, io.SeekStart)
	}
	in, b := bufio.NewReaderSize(s.files[bucket], 1<<16), make([]byte, s.size)
	for err == nil {
		if _, err = io.ReadFull(in, b); err == nil {
			f(b)
		}
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read a temporary file: %w", err)
	}
	return nil
}

func (s *spill) close() (err error) {
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
