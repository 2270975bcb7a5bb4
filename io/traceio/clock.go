package traceio

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// orders are those in which a date may have its year, month and day.
var orders = [...]string{"ymd", "dmy", "mdy"}

// gpsEpoch is where GPS time begins, 6 January 1980, ms: no receiver told a place before.
const gpsEpoch = 315_964_800_000

// Day numbers of spreadsheets count from 30 December 1899. These are 1980 and 2100.
const firstSerial, endSerial = 29_221, 73_051

// clock reads the times of one table.
type clock struct {
	tick   int64 // ns, of numbers; 0: by their size
	zone   *time.Location
	orders []string // that a date's parts may have
	layout string   // that the last text had
}

// read reads a time as ms since 1970: a text with both date and time of day, or, with a date, the time of day.
func (c *clock) read(date, text string) (int64, error) {
	if text == "" {
		return 0, fmt.Errorf("is blank")
	}
	if date != "" {
		return c.text(dayOf(date) + " " + ofDay(text))
	}
	if c.tick != 0 {
		return instant(text, c.tick, c.zone)
	}
	if x, err := number(text); err == nil && !math.IsNaN(x) {
		return c.count(text, x)
	}
	return c.text(text)
}

// count reads a number: a day of a spreadsheet, the digits of a calendar where no count since 1970 would have so many,
// or a count since 1970.
func (c *clock) count(text string, x float64) (int64, error) {
	switch {
	case x >= firstSerial && x < endSerial && text[0] != '0':
		days, part := math.Modf(x)
		wall := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days)).
			Add(time.Duration(math.Round(part*86_400_000)) * time.Millisecond)
		year, month, day := wall.Date()
		hour, minute, second := wall.Clock()
		return time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), c.zone).
				UnixMilli(),
			nil
	case !digits(text):
	case len(text) == 17:
		return c.calendar("20060102150405.000", text[:14]+"."+text[14:])
	case len(text) == 14:
		return c.calendar("20060102150405", text)
	case len(text) == 12 && (text[:2] == "19" || text[:2] == "20"): // as a count of ms 1976
		return c.calendar("200601021504", text)
	}
	return instant(text, 0, c.zone)
}

func (c *clock) calendar(layout, text string) (int64, error) {
	t, err := time.ParseInLocation(layout, text, c.zone)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no time", text)
	}
	return t.UnixMilli(), nil
}

// text reads a date and a time of day, in one of the layouts.
func (c *clock) text(written string) (int64, error) {
	text := strings.ToUpper(written)
	if c.layout != "" {
		if t, ok := c.parse(c.layout, text); ok {
			return t.UnixMilli(), nil
		}
	}
	for _, l := range layoutsOf(text) {
		if l.order != "" && !slices.Contains(c.orders, l.order) {
			continue
		}
		if t, ok := c.parse(l.text, text); ok {
			c.layout = l.text
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%.40q is no time", written)
}

// parse reads a text. A year of two digits is neither of the last century nor to come, and of a zone's letters only
// those count of which it is known what they mean.
func (c *clock) parse(layout, text string) (time.Time, bool) {
	t, err := time.ParseInLocation(layout, text, c.zone)
	if err != nil {
		return t, false
	}
	if !strings.Contains(layout, "2006") && (t.Year() < 2000 || t.After(time.Now().AddDate(0, 0, 2))) {
		return t, false
	}
	if strings.HasSuffix(layout, "MST") {
		zone, off := t.Zone()
		return t, off != 0 || zone == "UTC" || zone == "GMT" || zone == c.zone.String()
	}
	return t, true
}

// dayOf is a date without the midnight that a spreadsheet puts behind it, and its day numbers as dates.
func dayOf(date string) string {
	for _, midnight := range [...]string{" 00:00:00", "T00:00:00", " 0:00:00", " 00:00", " 0:00"} {
		date = strings.TrimSuffix(date, midnight)
	}
	x, err := strconv.ParseFloat(date, 64)
	if err == nil && x >= firstSerial && x < endSerial && x == math.Trunc(x) &&
		len(strings.TrimSuffix(date, ".0")) == 5 {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(x)).Format("2006-01-02")
	}
	return date
}

// ofDay is a time of day without the day 0 that a spreadsheet puts before it; its shares of a day, and digits whose
// leading zeros got lost, as times of day.
func ofDay(text string) string {
	for _, zero := range [...]string{
		"1899-12-30 ", "1899-12-30T", "30.12.1899 ", "30/12/1899 ", "12/30/1899 ", "1899/12/30 ",
	} {
		text = strings.TrimPrefix(text, zero)
	}
	whole, part, fraction := strings.Cut(strings.ReplaceAll(text, ",", "."), ".")
	switch {
	case !digits(whole) || fraction && !digits(part):
	case fraction && whole == "0":
		if x, err := strconv.ParseFloat("0."+part, 64); err == nil {
			return time.UnixMilli(int64(math.Round(x * 86_400_000))).UTC().Format("15:04:05.000")
		}
	case len(whole) == 5 || len(whole) < 4:
		return strings.Repeat("0", 6-len(whole)) + text
	}
	return text
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
