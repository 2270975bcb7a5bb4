package traceio

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// northward makes rows of one truck: a time in ms and how many metres north of a place, which is refused when it is
// negative.
func northward(pairs ...int64) (rows []Row) {
	for i := 0; i < len(pairs); i += 2 {
		r := Row{
			N:   i / 2,
			TMs: fmt.Sprint(pairs[i]),
			Fix: argos.NewFix("T", pairs[i], 50+float64(pairs[i+1])/111_195, 4),
		}
		if pairs[i+1] < 0 {
			r.Err = argos.ErrBadFix
		}
		rows = append(rows, r)
	}
	return rows
}

func TestSpread(t *testing.T) {
	for name, c := range map[string]struct {
		rows []Row
		want string // times in ms
		note string
	}{
		"seconds": {northward(1000, 0, 1000, 5, 2000, 10, 2000, 15, 3000, 20, 3000, 25), "1000 1500 2000 2500 3000 3500", "whole seconds only: 6 rows"},
		"minutes": {northward(60_000, 0, 60_000, 300, 60_000, 600, 120_000, 900), "60000 80000 100000 120000", "whole minutes only: 3 rows"},
		"the ends are cut": {
			northward(1000, 8, 2000, 10, 2000, 12, 2000, 14, 2000, 16, 3000, 18, 3000, 20, 3000, 22, 3000, 24, 4000, 26, 4000, 28),
			"1000 2000 2250 2500 2750 3000 3250 3500 3750 4000 4250", "10 rows",
		},
		"the first is cut": {
			northward(1000, 8, 1000, 9, 2000, 10, 2000, 12, 2000, 14, 2000, 16, 3000, 18, 3000, 20, 3000, 22, 3000, 24),
			"1500 1750 2000 2250 2500 2750 3000 3250 3500 3750", "10 rows",
		},
		"newest first":        {northward(3000, 20, 3000, 15, 2000, 10, 2000, 5, 1000, 1, 1000, 0), "3500 3000 2500 2000 1500 1000", "6 rows"},
		"standing":            {northward(1000, 0, 1000, 0, 1000, 0, 1000, 5, 2000, 10, 2000, 15, 2000, 20, 2000, 25), "1000 1000 1000 1750 2000 2250 2500 2750", "8 rows"},
		"each row twice":      {northward(1000, 0, 1000, 0, 1000, 5, 1000, 5, 2000, 9), "1000 1000 1500 1500 2000", "4 rows"},
		"refused between":     {northward(1000, 0, 1000, -1, 1000, 5, 2000, 9), "1000 1000 1500 2000", "2 rows"},
		"repeats alone":       {northward(1000, 0, 1000, 0, 2000, 10, 2000, 10), "1000 1000 2000 2000", ""},
		"a fine clock":        {northward(1000, 0, 1000, 5, 2500, 10), "1000 1000 2500", ""},
		"two places":          {northward(1000, 0, 1000, 9000, 2000, 10, 2000, 9000), "1000 1000 2000 2000", ""},
		"pairs, seldom":       {northward(1000, 0, 1000, 5, 9000, 10, 9000, 15), "1000 1000 9000 9000", ""},
		"a clock that stands": {northward(1000, 0, 1000, 5, 1000, 10), "1000 1000 1000", ""},
		"nothing":             {nil, "", ""},
	} {
		note := spread(c.rows)
		var got []string
		for _, r := range c.rows {
			if r.TMs != fmt.Sprint(r.Fix.Time) {
				t.Errorf("%s: a row of %d has the text %s", name, r.Fix.Time, r.TMs)
			}
			got = append(got, r.TMs)
		}
		if strings.Join(got, " ") != c.want || (note == "") != (c.note == "") || !strings.Contains(note, c.note) {
			t.Errorf("%s: %v, %q; want %s, %q", name, got, note, c.want, c.note)
		}
	}
}

// A row of a hundred that repeats a time at another place is a fault of its own, and stays a duplicate.
func TestSpreadLeavesSingleFaults(t *testing.T) {
	var pairs []int64
	for s := range int64(100) {
		pairs = append(pairs, 1000*s, 10*s)
	}
	if note := spread(northward(append(pairs, 99_000, 995)...)); note != "" {
		t.Error(note)
	}
}

// Whatever the rows: none leaves its second, none that moved on is at the time of the one before, and no order is
// turned.
func TestSpreadKeepsTheSecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []int64
		second, place := int64(0), int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			second += rapid.Int64Range(0, 1).Draw(t, "step")
			place += rapid.Int64Range(0, 2).Draw(t, "metres")
			pairs = append(pairs, 1000*second, place)
		}
		rows := northward(pairs...)
		note := spread(rows)
		for i, r := range rows {
			if r.Fix.Time/1000 != pairs[2*i]/1000 {
				t.Fatalf("row %d went from %d to %d", i, pairs[2*i], r.Fix.Time)
			}
			if i > 0 && note != "" && second > 0 {
				moved := pairs[2*i+1] != pairs[2*i-1] || pairs[2*i] != pairs[2*i-2]
				if before := rows[i-1].Fix.Time; r.Fix.Time < before || moved != (r.Fix.Time > before) {
					t.Fatalf("row %d: %d after %d", i, r.Fix.Time, before)
				}
			}
		}
	})
}
