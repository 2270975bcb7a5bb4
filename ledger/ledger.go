// Package ledger is what a sender writes down of each fix that it sent, so that an audit can ask the log for it:
// append-only lines {"run":"..","line":0,"truck_id":"..","seq":1,"ts":2,"lat":51.9,"lon":4.5,"outcome":"acked"}.
//
// A run numbers its lines from 0: a line that was taken out of the middle is missed. What was cut off the end is
// missed by whoever has read it before, by its Position.
//
// A line counts once its newline is on the disk. A sender that was killed leaves a torn last line at most: Open cuts
// it off, Read passes over it. Its fix is then one of those the sender cannot answer for.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync"
)

// Outcome is what became of a fix.
type Outcome string

// Unknown is a fix that was sent, perhaps, and never answered for: it may be in the log or not.
const (
	Acked   Outcome = "acked"
	Refused Outcome = "refused"
	Unknown Outcome = "unknown"
)

// Entry is the outcome of one fix.
type Entry struct {
	Run      string // names the sender's run; no two runs share a name
	Line     int64  // of the run, from 0; Write gives it
	TruckID  string
	Seq      int64   // the sender's number of the fix, negative if it has none
	TS       int64   // ms, the fix's own time
	Lat, Lon float64 // degrees, as they were sent; NaN: not known
	Outcome  Outcome
}

// flushAt is the size at which Write passes its lines on without being told to.
const flushAt = 1 << 16

// Writer appends entries to a file. Its methods may be called from many goroutines.
type Writer struct {
	mu       sync.Mutex
	file     *os.File
	next     map[string]int64 // the number of a run's next line
	lines    []byte           // whole lines only: each write to the file ends at a newline
	err      error            // the first that a write met; nothing is written after it
	repaired int64
}

// Open opens a ledger to append to it, and creates it when there is none. A torn last line is cut off: see Repaired.
func Open(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	torn, err := tornBytes(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the end of ledger %s: %w", path, err), f.Close())
	}
	if torn > 0 {
		info, err := f.Stat()
		if err == nil {
			err = f.Truncate(info.Size() - torn)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("cut the torn last line off ledger %s: %w", path, err), f.Close())
		}
	}
	return &Writer{file: f, next: map[string]int64{}, repaired: torn}, nil
}

// Repaired is how many bytes of a torn last line Open cut off: worth a line in the caller's log when not 0.
func (w *Writer) Repaired() int64 { return w.repaired }

// Write takes an entry, and gives it its number in its run; Flush, or the 64 KiB that it may wait for, brings it to
// the file.
func (w *Writer) Write(e Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Line = w.next[e.Run]
	w.next[e.Run]++
	w.lines = appendEntry(w.lines, e)
	if len(w.lines) >= flushAt {
		return w.flush()
	}
	return w.err
}

// Flush hands what was written to the operating system, where the end of this process cannot reach it.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err != nil || len(w.lines) == 0 {
		return w.err
	}
	if _, err := w.file.Write(w.lines); err != nil {
		w.err = fmt.Errorf("write ledger: %w", err)
	}
	w.lines = w.lines[:0]
	return w.err
}

// Close flushes, syncs and closes.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.flush()
	return errors.Join(err, w.file.Sync(), w.file.Close())
}

func appendEntry(b []byte, e Entry) []byte {
	b = appendString(append(b, `{"run":`...), e.Run)
	b = strconv.AppendInt(append(b, `,"line":`...), e.Line, 10)
	b = appendString(append(b, `,"truck_id":`...), e.TruckID)
	b = strconv.AppendInt(append(b, `,"seq":`...), e.Seq, 10)
	b = strconv.AppendInt(append(b, `,"ts":`...), e.TS, 10)
	b = appendDegrees(append(b, `,"lat":`...), e.Lat)
	b = appendDegrees(append(b, `,"lon":`...), e.Lon)
	b = appendString(append(b, `,"outcome":`...), string(e.Outcome))
	return append(b, '}', '\n')
}

// appendDegrees writes the shortest number that reads back as the same.
func appendDegrees(b []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, x, 'g', -1, 64)
}

// appendString quotes a string for JSON: plain ones, that is all in practice, by hand.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			q, _ := json.Marshal(s) // a string always marshals
			return append(b, q...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// tornBytes is the length of what follows the file's last newline.
func tornBytes(f io.ReaderAt) (int64, error) {
	size, err := f.(io.Seeker).Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	block := make([]byte, 4096)
	for end := size; end > 0; {
		start := max(0, end-int64(len(block)))
		b := block[:end-start]
		if _, err := f.ReadAt(b, start); err != nil {
			return 0, err
		}
		for i := len(b) - 1; i >= 0; i-- {
			if b[i] == '\n' {
				return size - start - int64(i) - 1, nil
			}
		}
		end = start
	}
	return size, nil
}
