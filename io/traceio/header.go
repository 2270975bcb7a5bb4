package traceio

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// quoted is a header as a message shows it.
func quoted(cells []string) string {
	const most = 200
	text := strings.Join(cells, ",")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return strconv.Quote(text)
}

// separatorNames tells separators to people.
var separatorNames = map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "bars"}

// resolve finds each field's column: where c says, else by the header's names, else, in a table without a header, by
// what is in it.
func (d *dialect) resolve(c Columns, rows [][]string) (at [fieldCount]column, err error) {
	for f := range fieldCount {
		at[f] = column{index: -1, scale: 1, zone: time.UTC}
		if f < mappable {
			if at[f], err = c.mapped(f); err != nil {
				return at, err
			}
		}
		switch {
		case at[f].name != "":
			if err := at[f].find(f, d.header, d.width); err != nil {
				return at, err
			}
		case d.header != nil:
			at[f] = usual(f, d.header, rows)
		}
		if i := at[f].index; i >= 0 && d.header != nil && slices.Contains(d.header[i+1:], d.header[i]) {
			return at, fmt.Errorf("the header has the column %.40q twice", d.header[i])
		}
	}
	var places []int
	if d.header == nil {
		places = d.byContent(&at, rows)
	}
	if at[fieldTime].index < 0 { // one column for both is often called the date
		at[fieldTime] = at[fieldDate]
		at[fieldTime].order = ""
	}
	for _, f := range [...]field{fieldLat, fieldLon, fieldTime} {
		if at[f].index < 0 {
			return at, d.unknown(f, rows, places)
		}
	}
	return at, nil
}

// unknown says that a required field was not found, in what, and what to do.
func (d *dialect) unknown(f field, rows [][]string, places []int) error {
	if d.header != nil {
		return fmt.Errorf(
			"read as a table with %s between its columns; its header %s has no usual name of the %s: "+
				"say which column it is, --columns %s=COLUMN",
			separatorNames[d.comma],
			quoted(d.header),
			fields[f].name,
			fields[f].name,
		)
	}
	var first []string
	if len(rows) > 0 {
		first = rows[0]
	}
	how := "--columns time=1,lat=2,lon=3, if it is the first three"
	if len(places) == 2 {
		how = fmt.Sprintf(
			"--columns lat=%d,lon=%d or --columns lat=%d,lon=%d",
			places[0]+1,
			places[1]+1,
			places[1]+1,
			places[0]+1,
		)
	}
	return fmt.Errorf(
		"read as a table without a header, with %s between its columns; "+
			"which of them is the %s cannot be told from its first line %s: "+
			"say it by their numbers, %s",
		separatorNames[d.comma],
		fields[f].name,
		quoted(first),
		how,
	)
}

// usual finds a field's column by the names that are usual for it. One in which nothing stands is none.
func usual(f field, header []string, rows [][]string) column {
	best, found := 0, column{index: -1, scale: 1, zone: time.UTC}
	for i, name := range header {
		rank, unit, ok := f.means(name)
		if rank = 2 * rank; unit == "" {
			rank++
		}
		// Without rows, as among the properties of GeoJSON, nothing shows that values repeat.
		if f == fieldTruck && len(rows) == 0 && slices.Contains(vague, bare(name)) {
			continue
		}
		if !ok || found.index >= 0 && rank >= best || len(rows) > 0 && !f.fits(bare(name), cellsOf(rows, i)) {
			continue
		}
		best, found = rank, column{index: i, name: name, scale: 1, zone: time.UTC}
		if s, ok := fields[f].units[unit]; ok && f != fieldTime {
			found.scale = s
		}
		if f == fieldTime {
			found.tick = ticks[unit]
		}
	}
	return found
}

// cellsOf are the cells of one column that are not blank.
func cellsOf(rows [][]string, i int) (cells []string) {
	for _, row := range rows {
		if i < len(row) {
			if c := strings.TrimSpace(row[i]); c != "" {
				cells = append(cells, c)
			}
		}
	}
	return cells
}

// vague are names that a vehicle's column may have, and others too: they count where some values repeat.
var vague = []string{"name", "id", "unit", "asset", "device", "objectid"}

// fits says whether what stands in a column can be the field.
func (f field) fits(name string, cells []string) bool {
	most := func(ok func(string) bool) bool {
		n := 0
		for _, c := range cells {
			n += count(ok(c))
		}
		return n*10 >= len(cells)*9 || n >= len(cells)-1 && n > 0
	}
	switch f {
	case fieldTruck:
		if slices.Contains(vague, name) {
			n := distinct(cells)
			return n >= 2 && n*2 <= len(cells)
		}
		return len(cells) > 0
	case fieldValid:
		return most(func(c string) bool { _, ok := validity(c); return ok })
	case fieldNS, fieldEW:
		return most(func(c string) bool { _, ok := hemispheres[strings.ToUpper(c)]; return ok })
	case fieldTime, fieldDate:
		return len(cells) > 0
	}
	return true
}

func distinct(cells []string) int {
	seen := map[string]bool{}
	for _, c := range cells {
		seen[c] = true
	}
	return len(seen)
}

// byContent tells the columns of a table that has no header: the one column of times, the two of degrees if one of them
// is beyond 90, so that it is the longitude, and the vehicle in a first column whose values repeat. It returns the
// columns of degrees.
func (d *dialect) byContent(at *[fieldCount]column, rows [][]string) (places []int) {
	var times, wide []int
	for i := range d.width {
		if slices.ContainsFunc(at[:], func(c column) bool { return c.index == i }) {
			continue
		}
		cells := cellsOf(rows, i)
		most, fraction := 0.0, 0
		for _, c := range cells {
			x, err := number(c)
			if err != nil || math.IsNaN(x) {
				x = math.Inf(1)
			}
			most = max(most, math.Abs(x))
			if _, digits, ok := strings.Cut(strings.ReplaceAll(c, ",", "."), "."); ok && len(digits) >= 3 {
				fraction++
			}
		}
		switch {
		case len(cells) == 0:
		case instants(cells):
			times = append(times, i)
		case fraction*2 > len(cells) && most <= 180:
			places = append(places, i)
			if most > 90 {
				wide = append(wide, i)
			}
		}
	}
	set := func(f field, i int) {
		if at[f].index < 0 {
			at[f].index, at[f].name = i, "column "+strconv.Itoa(i+1)
		}
	}
	if len(times) == 1 {
		set(fieldTime, times[0])
	}
	if len(places) == 2 && len(wide) == 1 {
		set(fieldLon, wide[0])
		set(fieldLat, places[0]+places[1]-wide[0])
	}
	first := cellsOf(rows, 0)
	taken := slices.ContainsFunc(at[:], func(c column) bool { return c.index == 0 })
	if n := distinct(first); at[fieldTruck].index < 0 && !taken && n > 0 && n*2 <= len(first) {
		set(fieldTruck, 0)
	}
	return places
}

// instants says that all cells are dates with a time of day, or moments since 1970 after the beginning of GPS.
func instants(cells []string) bool {
	c := clock{zone: time.UTC, orders: orders[:]}
	for _, s := range cells {
		if ms, err := c.read("", s); err != nil || ms < gpsEpoch {
			return false
		}
	}
	return true
}
