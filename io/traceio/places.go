package traceio

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"argos"
)

// places notices that one truck is at two places at once, as two vehicles under one name are: its rows go far away and
// back, again and again, or its time begins anew elsewhere. Of a table it remembers in which columns the text changed
// just there.
type places struct {
	trucks  map[string]*there
	columns []hint // of a table that names no trucks
}

// there are a truck's last rows.
type there struct {
	at            [2]argos.LatLon // the one before, the last
	cells         [2][]string
	time          int64
	n             int
	swings, again int
}

// hint counts in how many rows a column's text changed, in how many of those where time begins anew elsewhere, and how
// often it was another text far away and the same when back.
type hint struct{ changed, again, swings int }

const (
	far       = 5_000  // m: beyond what a wrong fix usually jumps
	back      = 0.2    // what a truck may go meanwhile, in shares of the jump
	elsewhere = 1_000  // m
	anew      = 60_000 // ms
)

// distance is roughly the distance of two places, m.
func distance(a, b argos.LatLon) float64 {
	east := math.Mod(b.Lon-a.Lon+540, 360) - 180
	return 111_195 * math.Hypot(b.Lat-a.Lat, east*math.Cos((a.Lat+b.Lat)/2*math.Pi/180))
}

// swing says that the way from a to b and on to c leads far away and back. A place at 0, 0 is none.
func swing(a, b, c argos.LatLon) bool {
	if b == (argos.LatLon{}) || a == (argos.LatLon{}) {
		return false
	}
	out := distance(a, b)
	return out > far && distance(a, c) < back*out
}

// add takes a row, and its cells where it is of a table that names no trucks.
func (p *places) add(f *argos.Fix, cells []string) {
	if p.trucks == nil {
		p.trucks = map[string]*there{}
	}
	t := p.trucks[f.TruckID]
	if t == nil {
		t = &there{}
		p.trucks[f.TruckID] = t
	}
	here := argos.LatLon{Lat: f.Lat, Lon: f.Lon}
	begins := t.n > 0 && f.Time < t.time-anew && distance(t.at[1], here) > elsewhere
	swings := t.n > 1 && swing(t.at[0], t.at[1], here)
	t.again += count(begins)
	t.swings += count(swings)
	if t.n > 0 {
		p.compare(t, cells, begins, swings)
	}
	t.at, t.cells = [2]argos.LatLon{t.at[1], here}, [2][]string{t.cells[1], cells}
	t.time = f.Time
	t.n++
}

func (p *places) compare(t *there, cells []string, begins, swings bool) {
	for len(p.columns) < len(cells) {
		p.columns = append(p.columns, hint{})
	}
	for c := range min(len(cells), len(t.cells[1])) {
		h, is, was := &p.columns[c], strings.TrimSpace(cells[c]), strings.TrimSpace(t.cells[1][c])
		if is == was || is == "" || was == "" {
			continue
		}
		h.changed++
		h.again += count(begins)
		h.swings += count(swings && c < len(t.cells[0]) && strings.TrimSpace(t.cells[0][c]) == is)
	}
}

// note is a sentence about the truck that is at two places most often. header names the columns, and used says which
// are known to be something else.
func (p *places) note(header []string, used func(int) bool) string {
	const often = 5 // times, and one in so many rows
	var worst *there
	truck := ""
	for id, t := range p.trucks {
		if t.swings >= often && t.swings*often*2 > t.n &&
			(worst == nil || t.swings > worst.swings || t.swings == worst.swings && id < truck) {
			worst, truck = t, id
		}
	}
	who := "its truck"
	if truck != "" {
		who = "truck " + truck
	}
	switch {
	case worst != nil:
		column := p.column(header, used, func(h hint) bool { return h.swings*10 > worst.swings*9 })
		say := "if there are several vehicles, say which column names them, --columns truck=COLUMN"
		if column != "" {
			say = fmt.Sprintf(
				"column %s tells the places apart: if it names vehicles, say so, --columns truck=%s",
				column,
				column,
			)
		}
		return fmt.Sprintf(
			"%s is at two places at once, and goes more than %d km away and back %d times: %s",
			who,
			far/1000,
			worst.swings,
			say,
		)
	case len(p.trucks) == 1:
		for _, t := range p.trucks {
			column := p.column(header, used, func(h hint) bool { return h.again == t.again && h.changed == t.again })
			if column != "" && t.again > 0 && t.again*10 < t.n {
				return fmt.Sprintf(
					"its time begins anew elsewhere %d times, where column %s changes: "+
						"if that names vehicles, say so, --columns truck=%s",
					t.again,
					column,
					column,
				)
			}
		}
	}
	return ""
}

// column is the first column, not used otherwise, of which the hint is good.
func (p *places) column(header []string, used func(int) bool, good func(hint) bool) string {
	i := slices.IndexFunc(p.columns, good)
	for ; i >= 0 && i < len(p.columns); i++ {
		switch {
		case used(i) || !good(p.columns[i]):
		case i < len(header):
			return header[i]
		case header == nil:
			return fmt.Sprint(i + 1)
		}
	}
	return ""
}
