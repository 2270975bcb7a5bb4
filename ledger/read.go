package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/valyala/fastjson"
)

// ErrDamaged says that a line of a ledger, other than a torn last one, is not an entry.
var ErrDamaged = errors.New("damaged ledger")

// maxLine bounds a line: a run, a truck id and two numbers are far below it.
const maxLine = 1 << 16

// Read calls each for every entry in a ledger, oldest first, and stops at its first error. A torn last line is passed
// over; any other line that is not an entry is ErrDamaged, with its number.
func Read(path string, each func(Entry) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	in := bufio.NewReaderSize(f, maxLine)
	var d decoder
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%w: %s line %d is longer than %d bytes", ErrDamaged, path, n, maxLine)
		case err != nil:
			return fmt.Errorf("read ledger %s: %w", path, err)
		}
		e, err := d.entry(line[:len(line)-1])
		if err != nil {
			return fmt.Errorf("%w: %s line %d: %w", ErrDamaged, path, n, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// decoder reuses memory from line to line.
type decoder struct {
	parser fastjson.Parser
	run    string // the last line's: one run writes many lines
}

func (d *decoder) entry(line []byte) (Entry, error) {
	v, err := d.parser.ParseBytes(line)
	if err != nil {
		return Entry{}, fmt.Errorf("not JSON: %w", err)
	}
	o, err := v.Object()
	if err != nil {
		return Entry{}, fmt.Errorf("not an object: %w", err)
	}
	if o.Len() != 5 {
		return Entry{}, fmt.Errorf("%d fields, want run, truck_id, seq, ts, outcome", o.Len())
	}
	var bad error
	field := func(name string) *fastjson.Value {
		v := o.Get(name)
		if v == nil && bad == nil {
			bad = fmt.Errorf("%s is missing", name)
		}
		return v
	}
	text := func(name string) []byte {
		v := field(name)
		if bad != nil {
			return nil
		}
		b, err := v.StringBytes()
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
		}
		return b
	}
	number := func(name string) int64 {
		v := field(name)
		if bad != nil {
			return 0
		}
		n, err := v.Int64()
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
		}
		return n
	}
	if run := text("run"); string(run) != d.run {
		d.run = string(run)
	}
	e := Entry{Run: d.run, TruckID: string(text("truck_id")), Seq: number("seq"), TS: number("ts")}
	switch outcome := string(text("outcome")); {
	case bad != nil:
		return Entry{}, bad
	case outcome == string(Acked):
		e.Outcome = Acked
	case outcome == string(Refused):
		e.Outcome = Refused
	case outcome == string(Unknown):
		e.Outcome = Unknown
	default:
		return Entry{}, fmt.Errorf("outcome %q is not acked, refused or unknown", outcome)
	}
	return e, nil
}
