package traceio

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Columns says which column of a table holds what, where its header does not use one of the usual names: from a field
// (truck, time, date, lat, lon, alt, speed, heading, hdop, accuracy, valid) to COLUMN or COLUMN:UNIT. COLUMN is a name
// of the header, or the number of the column, from 1. The unit of a speed is one of m/s, km/h, mph and kn; of an
// altitude or accuracy m or ft; of lat and lon deg, e7 (degrees times 10^7), e6, or m from a place of no name, which is
// put at 0, 0; of a time s, ms, us or ns since 1970, or the IANA zone in which a text without one is to be read, such
// as Europe/Berlin, or rel, when the clock is of no calendar: the first row is put at the beginning of the year 2000;
// of a date ymd, dmy or mdy, the order of its parts.
type Columns map[string]string

// column is where a field stands, and how to read it.
type column struct {
	index int    // -1: nowhere
	name  string // as the header has it, or its number where there is none
	scale float64
	tick  int64 // of a time, ns; 0: by its size
	zone  *time.Location
	rel   bool   // of a time: the clock is of no calendar
	order string // of a date: that of its parts, or "", when the file must tell
	asked bool   // the user said its unit: it is not doubted
}

// Read adds the lines of a file: FIELD = COLUMN or FIELD = COLUMN:UNIT. Blank lines, and those that begin with #, are
// passed over. The error names the line.
func (c Columns) Read(from io.Reader) error {
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		if err := c.add(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

// Add adds FIELD=COLUMN[:UNIT], or several of these with commas between.
func (c Columns) Add(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		if err := c.add(part); err != nil {
			return err
		}
	}
	return nil
}

func (c Columns) add(part string) error {
	name, col, ok := strings.Cut(part, "=")
	name, col = strings.TrimSpace(name), strings.TrimSpace(col)
	if !ok {
		return fmt.Errorf("%.40q is not FIELD=COLUMN", part)
	}
	if _, twice := c[name]; twice {
		return fmt.Errorf("the %s is mapped twice", name)
	}
	c[name] = col
	return nil
}

// Check says in one sentence what can't be meant.
func (c Columns) Check() error {
	var known [mappable]string
	for f := range known {
		known[f] = fields[f].name
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		f := slices.Index(known[:], name)
		if f < 0 {
			return fmt.Errorf(
				"there is no field %q to map a column to: there are %s",
				name,
				strings.Join(known[:], ", "),
			)
		}
		if _, err := c.mapped(field(f)); err != nil {
			return err
		}
	}
	return nil
}

// mapped reads what c says of a field; its index is -1 as long as no header was seen, and its name is empty when c says
// nothing.
func (c Columns) mapped(f field) (column, error) {
	col := column{index: -1, name: c[fields[f].name], scale: 1, zone: time.UTC}
	i := strings.LastIndexByte(col.name, ':')
	if _, given := c[fields[f].name]; given && (i == 0 || col.name == "") {
		return col, fmt.Errorf("the %s is mapped to no column", fields[f].name)
	}
	if i < 0 {
		return col, nil
	}
	unit := col.name[i+1:]
	col.name = col.name[:i]
	switch f {
	case fieldTime:
		return col.timed(unit)
	case fieldDate:
		if col.order = strings.ToLower(unit); !slices.Contains(orders[:], col.order) {
			return col, fmt.Errorf(
				"the date of column %q is in the order %q: known are %s",
				col.name,
				unit,
				strings.Join(orders[:], ", "),
			)
		}
		return col, nil
	}
	if fields[f].units == nil || f == fieldHeading {
		return col, fmt.Errorf(
			"column %q, the %s, has no unit to be named: there is %q",
			col.name,
			fields[f].name,
			unit,
		)
	}
	scale, ok := fields[f].units[unit]
	if !ok {
		return col, fmt.Errorf("the %s of column %q is in %q: known are %s",
			fields[f].name, col.name, unit, strings.Join(slices.Sorted(maps.Keys(fields[f].units)), ", "))
	}
	col.scale = scale
	return col, nil
}

// timed reads the unit of a time.
func (col column) timed(unit string) (column, error) {
	if col.rel = unit == "rel"; col.rel {
		return col, nil
	}
	if col.tick = ticks[unit]; col.tick != 0 {
		col.asked = true
		return col, nil
	}
	var err error
	if col.zone, err = time.LoadLocation(unit); err != nil || unit == "" {
		return col, fmt.Errorf(
			"the time of column %q is in %q: neither s, ms, us, ns, rel nor a time zone such as Europe/Berlin",
			col.name,
			unit,
		)
	}
	return col, nil
}

// position says whether a header names the latitude and the longitude.
func (c Columns) position(header []string) bool {
	for _, f := range [...]field{fieldLat, fieldLon} {
		col, err := c.mapped(f)
		there := slices.ContainsFunc(header, func(name string) bool {
			if col.name != "" {
				return name == col.name
			}
			_, _, ok := f.means(name)
			return ok
		})
		if err != nil || !there {
			return false
		}
	}
	return true
}

// find finds the column that c says to be a field's, in a table of that width: by its name, or else by its number.
func (col *column) find(f field, header []string, width int) error {
	col.index = slices.Index(header, col.name)
	if col.index >= 0 {
		return nil
	}
	if n, err := strconv.Atoi(col.name); err == nil && n >= 1 && n <= width {
		col.index = n - 1
		return nil
	}
	if header == nil {
		return fmt.Errorf(
			"has no header, and %d columns: %q, which is to be the %s, must be the number of one",
			width,
			col.name,
			fields[f].name,
		)
	}
	return fmt.Errorf("the header %s has no column %s, which is to be the %s", quoted(header), col.name, fields[f].name)
}
