package traceio

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judge asks where times can be read, but are hardly meant: before GPS began, of no day, of no time of day.
func (t *table) judge(c *clock, rows [][]string) error {
	at := &t.at[fieldTime]
	if at.rel || at.asked {
		return nil
	}
	var read, old, whole, calendar, n int
	var first, sure string
	for m := range moments(&t.at, slices.Values(rows)) {
		n++
		ms, err := c.read(m.date, m.text)
		switch {
		case err != nil:
			sure = m.text
			continue
		case ms < gpsEpoch && first == "":
			first = m.text
		}
		read++
		old += count(ms < gpsEpoch)
		whole += count(m.date == "" && wholeDay(m.text) && ms >= gpsEpoch)
		calendar += count(m.date == "" && ms >= 2e12 && shortCalendar(m.text))
	}
	const zones = "--columns time=COLUMN:Europe/Berlin names the zone of texts"
	switch {
	case n == 0:
		return nil
	case read == 0 && ofDayOnly(sure) && t.at[fieldDate].index < 0:
		return fmt.Errorf(
			"column %s has a time of day alone (%q): say which column has the date, --columns date=COLUMN",
			at.name,
			sure,
		)
	case read == 0 && dateOnly(sure):
		return fmt.Errorf(
			"column %s has a date alone (%q): say which column has the time of day, --columns time=COLUMN,date=%s",
			at.name,
			sure,
			at.name,
		)
	case read == 0 && namesZone(sure):
		return fmt.Errorf("column %s has %q, in a zone whose letters several have: %s", at.name, sure, zones)
	case whole*2 > read:
		return fmt.Errorf(
			"column %s has %q, the number of a day without a time of day: "+
				"say which column has that, --columns time=COLUMN,date=%s",
			at.name,
			firstOf(rows, at.index),
			at.name,
		)
	case calendar*2 > read:
		return fmt.Errorf("column %s has %q, which is either the year 20%s written yymmddhhmm or a count since 1970: "+
			"write the year with four digits, or say that it is a count, --columns time=%s:s",
			at.name, firstOf(rows, at.index), firstOf(rows, at.index)[:2], at.name)
	case old*2 > read:
		return t.asksOld(c, first)
	}
	return nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// firstOf is the first text of a column.
func firstOf(rows [][]string, i int) string {
	if cells := cellsOf(rows, i); len(cells) > 0 {
		return cells[0]
	}
	return ""
}

// asksOld is the error about a file whose times lie before the beginning of GPS.
func (t *table) asksOld(c *clock, text string) error {
	at := &t.at[fieldTime]
	what := "if it is a count of s, ms, us or ns since 1970, say which, --columns time=" + at.name + ":s; " +
		"if of a clock that began with the drive, time=" + at.name + ":rel"
	whole, _, _ := strings.Cut(text, ".")
	switch {
	case digits(whole) && len(whole) <= 6 && at.tick == 0 && t.at[fieldDate].index < 0:
		what = "if it is a time of day, hhmmss, say which column has the date, --columns date=COLUMN; " + what
	case digits(whole) && len(whole) == 8 && at.tick == 0:
		what = "if it is a date, yyyymmdd, say which column has the time of day, " +
			"--columns time=COLUMN,date=" + at.name + "; " + what
	}
	ms, _ := c.read("", text)
	return fmt.Errorf(
		"column %s has %q, which would be the year %d, before there was GPS: %s",
		at.name,
		text,
		time.UnixMilli(ms).UTC().Year(),
		what,
	)
}

// asksOrder is the error about a file whose dates can be read in several orders.
func (t *table) asksOrder(open []string, sample []moment) error {
	at, text := &t.at[fieldDate], sample[0].date
	if text == "" {
		at, text = &t.at[fieldTime], sample[0].text
	}
	how := make([]string, len(open))
	for i, o := range open {
		how[i] = "date=" + at.name + ":" + o
	}
	return fmt.Errorf(
		"column %s has %q, and no row of the file tells which is the day, which the month: say it, --columns %s",
		at.name,
		text,
		strings.Join(how, " or "),
	)
}

// shortCalendar says that digits can be yymmddhhmm or yymmddhhmmss.
func shortCalendar(s string) bool {
	if !digits(s) {
		return false
	}
	_, err := time.Parse("0601021504", s)
	_, long := time.Parse("060102150405", s)
	return err == nil || long == nil
}

func ofDayOnly(s string) bool {
	c := clock{zone: time.UTC, orders: orders[:1]}
	_, err := c.read("2000-01-01", s)
	return err == nil
}

func dateOnly(s string) bool {
	c := clock{zone: time.UTC, orders: orders[:]}
	_, err := c.read(s, "00:00:00")
	return err == nil
}

func namesZone(s string) bool {
	i := strings.LastIndexByte(s, ' ')
	return i > 0 && dateOnly(strings.SplitN(s, " ", 2)[0]) && strings.Trim(s[i+1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
