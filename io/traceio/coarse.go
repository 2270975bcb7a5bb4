package traceio

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// lookAhead is how many rows are read before the first is given out.
const lookAhead = 1000

// group is rows of one truck that follow each other and have one time.
type group struct {
	time int64
	rows []int // by their place in the list of rows
}

// grouped cuts the rows that are fixes into groups, each truck's in their order.
func grouped(rows []Row) map[string][]group {
	all := map[string][]group{}
	for i := range rows {
		r := &rows[i]
		if r.Err != nil {
			continue
		}
		of := all[r.Fix.TruckID]
		if n := len(of); n > 0 && of[n-1].time == r.Fix.Time {
			of[n-1].rows = append(of[n-1].rows, i)
			continue
		}
		all[r.Fix.TruckID] = append(of, group{r.Fix.Time, []int{i}})
	}
	return all
}

// coarseness is the unit of a clock that is slower than the rate of the rows, in ms: a minute or a second, and how many
// rows usually share one. It is 0 where times are told as finely as they are needed. Every row has a whole number of
// units then, most units follow one another, and most hold the same number of rows, give or take one or a fifth, not
// all of them at one place.
func coarseness(rows []Row) (unit int64, usual int) {
	unit = 60_000
	for i := range rows {
		for rows[i].Err == nil && rows[i].Fix.Time%unit != 0 {
			if unit == 1000 {
				return 0, 0
			}
			unit = 1000
		}
	}
	var sizes []int
	steps, moved := 0, 0
	for _, groups := range grouped(rows) {
		for i := 1; i < len(groups)-1; i++ { // the first and the last may be cut
			g := &groups[i]
			sizes = append(sizes, len(g.rows))
			steps += count(g.time-groups[i-1].time == unit)
			moved += count(!alike(&rows[g.rows[0]], &rows[g.rows[len(g.rows)-1]]))
		}
	}
	if len(sizes) < 2 {
		return 0, 0
	}
	slices.Sort(sizes)
	usual = sizes[(len(sizes)-1)/2]
	regular := 0
	for _, n := range sizes {
		d := n - usual
		regular += count(max(d, -d) <= max(1, usual/5))
	}
	if usual < 2 || regular*5 < len(sizes)*4 || steps*5 < len(sizes)*4 || moved*5 < len(sizes) {
		return 0, 0
	}
	return unit, usual
}

// alike says that two rows tell the same.
func alike(a, b *Row) bool {
	for _, x := range [...][2]float64{
		{a.Fix.Lat, b.Fix.Lat}, {a.Fix.Lon, b.Fix.Lon}, {a.Fix.Speed, b.Fix.Speed}, {
			a.Fix.Heading,
			b.Fix.Heading,
		}, {a.Fix.Alt, b.Fix.Alt},
	} {
		if x[0] != x[1] && !(math.IsNaN(x[0]) && math.IsNaN(x[1])) {
			return false
		}
	}
	return true
}

// spread gives the rows that share a unit of time evenly spaced times within it, and returns how many got another time.
// A row that tells just what the one before does keeps its time with it: it is its duplicate. A truck's first unit may
// lack rows at its beginning.
func spread(rows []Row, unit int64, usual int) (n int) {
	for _, groups := range grouped(rows) {
		for at, g := range groups {
			first, size := 0, max(len(g.rows), 1)
			switch {
			case at == 0 && size < usual:
				first, size = usual-size, usual
			case at == len(groups)-1:
				size = max(size, usual)
			}
			for i, row := range g.rows {
				r := &rows[row]
				t := g.time + int64(first+i)*unit/int64(size)
				if i > 0 && alike(r, &rows[g.rows[i-1]]) {
					t = rows[g.rows[i-1]].Fix.Time
				}
				if t != r.Fix.Time {
					r.Fix.Time, r.TMs = t, strconv.FormatInt(t, 10)
					n++
				}
			}
		}
	}
	return n
}

// shared notices rows that have the time of the truck's row before, at another place, and are no repeat of one.
type shared struct {
	last       map[string]*[2]Row // of each truck the first row of the latest time, and the latest row
	rows, here int
}

func (s *shared) add(r *Row) {
	if s.last == nil {
		s.last = map[string]*[2]Row{}
	}
	s.rows++
	last, known := s.last[r.Fix.TruckID]
	if !known || last[0].Fix.Time != r.Fix.Time {
		if !known {
			last = &[2]Row{}
			s.last[r.Fix.TruckID] = last
		}
		last[0], last[1] = *r, *r
		return
	}
	elsewhere := func(than *Row) bool { return than.Fix.Lat != r.Fix.Lat || than.Fix.Lon != r.Fix.Lon }
	s.here += count(elsewhere(&last[0]) && elsewhere(&last[1]))
	last[1] = *r
}

func (s *shared) note() string {
	if s.here == 0 {
		return ""
	}
	return fmt.Sprintf(
		"%d of %d fixes have the time of the one before, and another place: the first of each time counts",
		s.here,
		s.rows,
	)
}

// spreadNote says what was spread.
func spreadNote(n, rows int, unit int64, usual int) string {
	what := "second"
	if unit == 60_000 {
		what = "minute"
	}
	return fmt.Sprintf(
		"its clock tells whole %ss, of some %d rows each: %d of its %d rows were spread evenly over their %s",
		what,
		usual,
		n,
		rows,
		what,
	)
}
