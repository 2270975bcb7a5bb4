package traceio

import (
	"slices"
	"strings"
	"sync"
	"time"
)

type layout struct {
	order string // of its date's parts; "": it tells them
	text  string
}

// layouts are the texts of a date and a time of day that are understood; fractions of a second may follow in each.
func layouts() (all []layout) {
	days := []layout{{"ymd", "2006-1-2"}, {"ymd", "2006/1/2"}, {"ymd", "2006.1.2"}, {"ymd", "20060102"}}
	for _, sep := range [...]string{"/", ".", "-"} {
		parts := func(order string, parts ...string) { days = append(days, layout{order, strings.Join(parts, sep)}) }
		parts("dmy", "2", "1", "2006")
		parts("dmy", "2", "1", "06")
		parts("ymd", "06", "1", "2")
		if sep != "." {
			parts("mdy", "1", "2", "2006")
			parts("mdy", "1", "2", "06")
		}
	}
	days = append(days, layout{"dmy", "02012006"}, layout{"mdy", "01022006"},
		layout{"ymd", "060102"}, layout{"dmy", "020106"}, layout{"mdy", "010206"})
	for _, named := range [...]string{
		"2-JAN-2006", "2 JAN 2006", "JAN 2, 2006", "JAN 2 2006", "2-JAN-06", "2 JANUARY 2006", "JANUARY 2, 2006",
		"MON, 2 JAN 2006", "MON JAN 2 2006",
	} {
		days = append(days, layout{"", strings.NewReplacer("JAN", "Jan", "UARY", "uary", "MON", "Mon").Replace(named)})
	}
	for _, zone := range [...]string{"", "Z07:00", " Z07:00", "Z0700", " -0700", "-07", " MST"} {
		for _, ofDay := range [...]string{"15:04:05", "15:04", "150405", "3:04:05 PM", "3:04:05PM", "3:04 PM"} {
			for _, day := range days {
				for _, between := range [...]string{" ", "T", ", "} {
					all = append(all, layout{day.order, day.text + between + ofDay + zone})
				}
			}
		}
	}
	return append(all, layout{"", "Mon Jan 2 15:04:05 2006"}, layout{"", "Mon Jan 2 15:04:05 MST 2006"})
}

// byShape has the layouts by the shape of what they write.
var byShape = sync.OnceValue(func() map[string][]layout {
	shapes := map[string][]layout{}
	t := time.Date(2026, 3, 13, 10, 0, 0, 0, time.UTC)
	for _, l := range layouts() {
		seen := map[string]bool{}
		for _, zone := range [...]*time.Location{time.UTC, time.FixedZone("A", 3600), time.FixedZone("A", -3600)} {
			if s := shape(strings.ToUpper(t.In(zone).Format(l.text))); !seen[s] {
				seen[s], shapes[s] = true, append(shapes[s], l)
			}
		}
	}
	return shapes
})

// shape has a 0 for each number and an A for each word of a text.
func shape(text string) string {
	var s []byte
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			c = '0'
		case c >= 'A' && c <= 'Z':
			c = 'A'
		}
		if n := len(s); n == 0 || s[n-1] != c || c != '0' && c != 'A' {
			s = append(s, c)
		}
	}
	return string(s)
}

// layoutsOf are those of a text's shape, with or without a fraction of a second.
func layoutsOf(text string) []layout {
	s := shape(text)
	all := byShape()[s]
	if i := max(strings.LastIndex(s, ".0"), strings.LastIndex(s, ",0")); i >= 0 {
		all = slices.Concat(all, byShape()[s[:i]+s[i+2:]])
	}
	return all
}
