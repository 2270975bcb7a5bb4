package traceio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"argos"
)

// errTorn marks a last line with neither a newline nor all its fields. One that has all is taken as it is: many
// programs leave the last newline out.
var errTorn = errors.New("the last line is half-written")

// table is a text in columns. A quote means nothing beyond its line, so that no damage to one line can reach the next.
type table struct {
	lines
	dialect
	at         [fieldCount]column
	mappedDate bool
	clock      *clock
	trucks     named
	doubts     [fieldCount]doubt
	places     places
	first      int64 // ms: where a clock of no calendar began
	begun      bool
}

// doubt is what was found in a field that is no quantity, and left out.
type doubt struct {
	rows int
	line int // of the first
	text string
}

// openTable opens a table of fixes. What cannot be told is an error that says how to say it.
func openTable(in io.Reader, d Drive) (*table, error) {
	t, rows, err := newTable(in, d)
	if err != nil {
		return nil, err
	}
	return t, t.judge(t.clock, rows)
}

// newTable finds out how a table is written and what is in its columns, of which it returns the first rows.
func newTable(in io.Reader, d Drive) (*table, [][]string, error) {
	t := &table{}
	sample, all, err := t.open(in)
	if err != nil {
		return nil, nil, err
	}
	if len(sample) == 0 {
		return nil, nil, errEmpty
	}
	t.dialect = dialectOf(sample, d.Columns)
	var rows [][]string
	from := t.before
	if t.header != nil {
		from++
	}
	for _, line := range sample[min(from, len(sample)):] {
		rows = append(rows, split(line, t.comma))
	}
	for range from {
		if _, err := t.next(); err != nil && !errors.Is(err, errLong) {
			return nil, nil, err
		} else if err != nil {
			return nil, nil, fmt.Errorf("the header: %w", err)
		}
	}
	if t.at, err = t.resolve(d.Columns, rows); err != nil {
		return nil, nil, err
	}
	_, t.mappedDate = d.Columns["date"]
	var rest func() iter.Seq[[]string]
	if !all {
		rest = func() iter.Seq[[]string] { return t.again(d.Fixes) }
	}
	if t.clock, err = t.newClock(rows, rest); err != nil {
		return nil, nil, err
	}
	return t, rows, nil
}

// open begins to read a text. It returns its first lines, and whether these are all.
func (t *table) open(in io.Reader) (sample []string, all bool, err error) {
	text, head, all, err := plainText(bufio.NewReaderSize(in, maxLine))
	if err != nil {
		return nil, false, err
	}
	t.lines = lines{in: bufio.NewReaderSize(struct{ io.Reader }{text}, maxLine)} // of its own size
	for line := range strings.SplitSeq(string(head), "\n") {
		if line = strings.TrimRight(line, "\r"); strings.TrimSpace(line) != "" {
			sample = append(sample, utf8Line([]byte(line)))
		}
	}
	return sample, all, nil
}

func (t *table) row() (Row, error) {
	line, err := t.next()
	if errors.Is(err, errLong) {
		return Row{line: t.line, Err: err}, nil
	}
	if err != nil {
		return Row{}, err
	}
	cells := split(utf8Line(line), t.comma)
	for len(cells) > t.width && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	r := t.parse(cells)
	r.line = t.line
	if len(cells) != t.width {
		r.Err = fmt.Errorf("%d fields under a header of %d", len(cells), t.width)
		if t.torn && len(cells) < t.width {
			r.Err = errTorn
		}
	}
	return r, nil
}

// year2000 is where a clock of no calendar is put, ms.
const year2000 = 946_684_800_000

// parse reads a row's fields. Its TMs is there whatever the rest.
func (t *table) parse(cells []string) (r Row) {
	p := cellReader{cells: cells, at: &t.at, line: t.line, doubts: &t.doubts}
	at := p.time(t.clock)
	if t.at[fieldTime].rel {
		if !t.begun && p.err == nil {
			t.first, t.begun = at, true
		}
		at += year2000 - t.first
	}
	r.TMs = p.text(fieldTime)
	if _, err := strconv.ParseInt(r.TMs, 10, 64); t.at[fieldTime].tick != ticks["ms"] &&
		(err != nil || r.TMs != strconv.FormatInt(at, 10)) {
		r.TMs = ""
		if p.err == nil {
			r.TMs = strconv.FormatInt(at, 10)
		}
	}
	if strings.ContainsFunc(r.TMs, func(c rune) bool { return c <= ' ' || c == '"' || c == ',' || c > '~' }) {
		r.TMs = ""
	}
	id, attrs := t.trucks.id(p.text(fieldTruck))
	f := argos.NewFix(id, at, p.degrees(fieldLat, fieldNS), p.degrees(fieldLon, fieldEW))
	f.Alt = p.quantity(fieldAlt)
	f.Speed = p.quantity(fieldSpeed)
	f.Heading = p.quantity(fieldHeading)
	f.HDOP = p.quantity(fieldHDOP)
	f.Accuracy = p.quantity(fieldAccuracy)
	f.Valid = p.valid()
	f.Attrs = attrs
	r.Fix, r.Err = f, p.err
	if p.err == nil && t.at[fieldTruck].index >= 0 && f.TruckID == "" {
		r.Err = fmt.Errorf("%s is blank", t.at[fieldTruck].name)
	}
	if r.Err == nil {
		if t.at[fieldTruck].index < 0 {
			t.places.add(&f, cells)
		} else {
			t.places.add(&f, nil)
		}
	}
	return r
}

// notes says what was done to the file as a whole, a sentence each.
func (t *table) notes() (all []string) {
	if t.header == nil {
		var what []string
		for f := range fieldCount {
			if i := t.at[f].index; i >= 0 {
				what = append(what, fmt.Sprintf("%s=%d", fields[f].name, i+1))
			}
		}
		all = append(all, "it has no header, and was read as if by --columns "+strings.Join(what, ","))
	}
	if n := len(t.trucks.order); n > 0 {
		const most = 10
		var what []string
		for _, name := range t.trucks.order[:min(n, most)] {
			what = append(what, fmt.Sprintf("%q is %s", name, t.trucks.ids[name]))
		}
		if n > most {
			what = append(what, fmt.Sprintf("and %d more", n-most))
		}
		all = append(all, "names that can be no truck ids were made ones: "+strings.Join(what, ", "))
	}
	for f, d := range t.doubts {
		if d.rows > 0 {
			all = append(
				all,
				fmt.Sprintf(
					"the %s was taken as unknown in %d rows, which do not say it clearly: first in line %d, %.40q",
					fields[f].name,
					d.rows,
					d.line,
					d.text,
				),
			)
		}
	}
	used := func(i int) bool { return slices.ContainsFunc(t.at[:], func(c column) bool { return c.index == i }) }
	if note := t.places.note(t.header, used); note != "" {
		all = append(all, note)
	}
	return all
}
