package ledger

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrDamaged says that a line of a ledger, other than a torn last one, is not an entry, or not the next one of its
// run.
var ErrDamaged = errors.New("damaged ledger")

// ErrOther says that a ledger is not the one that a Position was taken of, or that something was cut off it.
var ErrOther = errors.New("not the ledger that was read before")

// maxLine bounds a line: a run, a truck id and five numbers are far below it.
const maxLine = 1 << 16

// Position is how far a ledger was read. The zero value is its beginning.
type Position struct {
	Offset int64            `json:"offset"` // bytes
	Lines  map[string]int64 `json:"lines"`  // the number of each run's next line
	Tail   []byte           `json:"tail"`   // SHA-256 of the bytes just below Offset, by which the file is known again
}

// tailBytes is how much of what was read is compared when reading goes on.
const tailBytes = 1 << 16

// Read calls each for every entry in a ledger, oldest first, and stops at its first error. A torn last line is passed
// over; any other line that is not an entry is ErrDamaged, with its number.
func Read(path string, each func(Entry) error) error {
	return ReadOn(path, &Position{}, func(e Entry, _ int64) error { return each(e) })
}

// ReadOn reads what a ledger has beyond a position, which it moves to the end. Each entry comes with the offset of
// its line. A file that does not have what was read is ErrOther.
func ReadOn(path string, at *Position, each func(e Entry, offset int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	if err := at.check(f); err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	if at.Lines == nil {
		at.Lines = map[string]int64{}
	}
	in := bufio.NewReaderSize(io.NewSectionReader(f, at.Offset, 1<<62), maxLine)
	var d decoder
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			if at.Offset > 0 {
				at.Tail, err = tail(f, at.Offset)
				return err
			}
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%w: %s %s is longer than %d bytes", ErrDamaged, path, place(n, at), maxLine)
		case err != nil:
			return fmt.Errorf("read ledger %s: %w", path, err)
		}
		e, err := d.entry(line[:len(line)-1])
		if err == nil {
			err = at.follows(&e)
		}
		if err != nil {
			return fmt.Errorf("%w: %s %s: %w", ErrDamaged, path, place(n, at), err)
		}
		if err := each(e, at.Offset); err != nil {
			return err
		}
		at.Offset += int64(len(line))
	}
}

// ReadAt reads the entry whose line begins at an offset.
func ReadAt(path string, offset int64) (Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return Entry{}, fmt.Errorf("open ledger: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	line, err := bufio.NewReader(io.NewSectionReader(f, offset, maxLine)).ReadBytes('\n')
	if err != nil {
		return Entry{}, fmt.Errorf("read ledger %s at byte %d: %w", path, offset, err)
	}
	var d decoder
	return d.entry(line[:len(line)-1])
}

// place names a line for people: by its number, or, where reading began further on, by the byte that it begins at.
func place(n int, at *Position) string {
	if at.Tail == nil {
		return fmt.Sprintf("line %d", n)
	}
	return fmt.Sprintf("byte %d", at.Offset)
}

// follows says whether an entry is the next one of its run. A run that begins again begins at 0.
func (at *Position) follows(e *Entry) error {
	want, known := at.Lines[e.Run]
	if e.Line != want && (e.Line != 0 || !known) {
		return fmt.Errorf(
			"it is line %d of run %s and follows on line %d of it, so what was between them was taken out",
			e.Line,
			e.Run,
			want-1,
		)
	}
	at.Lines[e.Run] = e.Line + 1
	return nil
}

// check says whether a file has what was read of it.
func (at *Position) check(f *os.File) error {
	if at.Offset == 0 {
		return nil
	}
	switch now, err := tail(f, at.Offset); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf(
			"%w: it is shorter than the %d bytes that were read, so its end was cut off, or it is another one",
			ErrOther,
			at.Offset,
		)
	case err != nil:
		return err
	case string(now) != string(at.Tail):
		return fmt.Errorf(
			"%w: it has other lines before byte %d, so lines were taken out or changed, or it is another one",
			ErrOther,
			at.Offset,
		)
	}
	return nil
}

func tail(f *os.File, end int64) ([]byte, error) {
	b := make([]byte, min(end, tailBytes))
	if _, err := f.ReadAt(b, end-int64(len(b))); err != nil {
		return nil, fmt.Errorf("read the end of the ledger: %w", err)
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}
