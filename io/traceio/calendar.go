package traceio

import (
	"errors"
	"iter"
	"math"
	"os"
	"slices"
)

// moment is a row's time as it is written: the text with all of it, or, with a date, the time of day.
type moment struct{ date, text string }

// moments are the times of rows that tell any.
func moments(at *[fieldCount]column, rows iter.Seq[[]string]) iter.Seq[moment] {
	return func(yield func(moment) bool) {
		for cells := range rows {
			r := cellReader{cells: cells, at: at}
			if m := r.moment(); m.text != "" && !yield(m) {
				return
			}
		}
	}
}

// moment is a row's time. A date that is blank is left out only where none is asked for.
func (r *cellReader) moment() moment {
	m := moment{text: r.text(fieldTime)}
	if d := r.at[fieldDate].index; d >= 0 && d != r.at[fieldTime].index {
		m.date = r.text(fieldDate)
		if m.date == "" {
			m.text = ""
		}
	}
	return m
}

// newClock finds out how the times of a table are to be read, from its first rows, and where these leave the order of
// day and month open, from all. What cannot be told is an error that says how to choose.
func (t *table) newClock(rows [][]string, all func() iter.Seq[[]string]) (*clock, error) {
	at, day := &t.at[fieldTime], &t.at[fieldDate]
	c := &clock{tick: at.tick, zone: at.zone, orders: orders[:]}
	if day.order != "" {
		c.orders = []string{day.order}
	}
	if day.index >= 0 && day.index != at.index && !t.mappedDate && c.complete(cellsOf(rows, at.index)) {
		day.index = -1
	}
	sample := slices.Collect(moments(&t.at, slices.Values(rows)))
	if len(sample) == 0 {
		return c, nil
	}
	if day.order == "" {
		// A logger of Columbus writes yymmdd, under a header of its own.
		if slices.Contains(t.header, "INDEX") && slices.Contains(t.header, "TAG") {
			c.orders = orders[:1]
		}
		open, differ := c.possible(slices.Values(sample))
		if _, err := number(sample[0].text); len(open) > 1 && all != nil &&
			(differ || err != nil || sample[0].date != "") {
			open, differ = c.possible(moments(&t.at, all()))
		}
		if len(open) > 1 && differ {
			return nil, t.asksOrder(open, sample)
		}
		if len(open) > 0 {
			c.orders = open
		}
	}
	return c, nil
}

// possible are the orders by which most dates can be read, and whether these differ in any.
func (c *clock) possible(times iter.Seq[moment]) (open []string, differ bool) {
	readers := make([]*clock, len(c.orders))
	for i, o := range c.orders {
		readers[i] = &clock{tick: c.tick, zone: c.zone, orders: []string{o}}
	}
	good := make([]int, len(readers))
	for m := range times {
		first := int64(math.MinInt64)
		for i, r := range readers {
			ms, err := r.read(m.date, m.text)
			if err != nil {
				continue
			}
			good[i]++
			differ = differ || first != math.MinInt64 && ms != first
			first = ms
		}
	}
	for i, n := range good {
		if n == slices.Max(good) {
			open = append(open, c.orders[i])
		}
	}
	return open, differ
}

// complete says that most texts are whole times by themselves.
func (c *clock) complete(texts []string) bool {
	n := 0
	for _, s := range texts {
		if ms, err := c.read("", s); err == nil && ms >= gpsEpoch && !wholeDay(s) {
			n++
		}
	}
	return n*2 > len(texts)
}

// wholeDay says that a text is the number of a day, without a time of day.
func wholeDay(s string) bool { return digits(s) && len(s) <= 5 }

// again yields the rows of a file from its beginning, as far as they can be read.
func (t *table) again(path string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		f, err := os.Open(path)
		if err != nil {
			return
		}
		defer f.Close() //nolint:errcheck // read only
		other := *t
		if _, _, err := other.open(f); err != nil {
			return
		}
		for {
			line, err := other.next()
			switch {
			case errors.Is(err, errLong):
			case err != nil:
				return
			case !yield(split(utf8Line(line), t.comma)):
				return
			}
		}
	}
}
