package traceio

import (
	"encoding/csv"
	"slices"
	"strings"
)

// dialect is how a table is written.
type dialect struct {
	comma  rune     // between its columns
	before int      // lines before the header, or, without one, before the first row
	header []string // nil: it has none
	width  int      // columns, without empty ones at the end
}

// preamble bounds how many lines a table may have before its header.
const preamble = 30

// separators are those that tables have, the least likely inside a cell first.
var separators = [...]rune{'\t', ';', '|', ','}

// dialectOf looks at the first lines of a table. Its header is the first line that names a latitude and a longitude; if
// none does, the table has one when its first line holds no data.
func dialectOf(lines []string, columns Columns) dialect {
	d := dialect{comma: ','}
	told := len(lines) > 0 && d.told(lines[0])
	for _, comma := range separators {
		if told && comma != d.comma {
			continue
		}
		for i, line := range lines[:min(len(lines), preamble)] {
			if cells := split(line, comma); columns.position(heads(cells)) {
				return d.headed(comma, i, cells)
			}
		}
	}
	for d.before < len(lines)-1 && strings.HasPrefix(lines[d.before], "#") {
		d.before++
	}
	if !told {
		d.comma = separator(lines[d.before:])
	}
	if d.before >= len(lines) {
		return d
	}
	cells := split(lines[d.before], d.comma)
	if !data(cells) {
		return d.headed(d.comma, d.before, cells)
	}
	d.width = len(withoutTail(cells))
	return d
}

// told takes Excel's first line, sep=;
func (d *dialect) told(line string) bool {
	sep, ok := strings.CutPrefix(strings.ToLower(strings.Trim(line, "\" ")), "sep=")
	if !ok || len(sep) != 1 {
		return false
	}
	d.comma, d.before = rune(sep[0]), 1
	return true
}

func (d *dialect) headed(comma rune, before int, cells []string) dialect {
	header := withoutTail(heads(cells))
	return dialect{comma: comma, before: before, header: header, width: len(header)}
}

// heads are a header's names: trimmed, and without the # that makes a remark of it.
func heads(cells []string) []string {
	names := make([]string, len(cells))
	for i, c := range cells {
		if i == 0 {
			c = strings.TrimLeft(c, "# ")
		}
		names[i] = strings.TrimSpace(c)
	}
	return names
}

// withoutTail leaves empty cells at a row's end out, of which a separator too many makes one.
func withoutTail(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// separator is the one that cuts all lines into equally many columns, three or more.
func separator(lines []string) rune {
	lines = lines[:min(len(lines), 50)]
	for _, comma := range separators {
		widths := map[int]int{}
		for _, line := range lines {
			widths[len(withoutTail(split(line, comma)))]++
		}
		for width, n := range widths {
			if width >= 3 && n*5 >= len(lines)*4 {
				return comma
			}
		}
	}
	if len(lines) > 0 {
		for i, quoted := 0, false; i < len(lines[0]); i++ {
			switch c := lines[0][i]; {
			case c == '"':
				quoted = !quoted
			case !quoted && slices.Contains(separators[:], rune(c)):
				return rune(c)
			}
		}
	}
	return ','
}

// data says that a line holds numbers or times, not names.
func data(cells []string) bool {
	n := 0
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if c != "" && strings.Trim(c, "0123456789+-.,:/TZ eE") == "" && strings.ContainsAny(c, "0123456789") {
			n++
		}
	}
	return n >= 2
}

// split cuts a line into its cells. A quote means nothing beyond its line, so that no damage to one line can reach the
// next.
func split(line string, comma rune) []string {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, string(comma))
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
	cells, err := r.Read()
	if err != nil {
		return strings.Split(line, string(comma))
	}
	return cells
}
