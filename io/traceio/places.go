package traceio

import (
	"fmt"
	"math"
	"strings"

	"argos"
)

// places notices that one truck is at two places at once: that its rows go far away and back, again and again, as those of two
// vehicles under one name do.
type places struct {
	trucks map[string]*there
	column string // one that would tell the vehicles apart
}

// there are a truck's last two rows.
type there struct {
	last, before argos.LatLon
	n, swings    int
}

// far is beyond what a wrong fix usually jumps, m; back is what a truck may go meanwhile, in shares of the jump.
const (
	far  = 5_000
	back = 0.2
)

// apart is roughly the distance of two places, m.
func apart(a, b argos.LatLon) float64 {
	east := math.Mod(b.Lon-a.Lon+540, 360) - 180
	return 111_195 * math.Hypot(b.Lat-a.Lat, east*math.Cos((a.Lat+b.Lat)/2*math.Pi/180))
}

// swing says that the way from a to b and on to c leads far away and back. A place at 0, 0 is none.
func swing(a, b, c argos.LatLon) bool {
	if b == (argos.LatLon{}) || a == (argos.LatLon{}) {
		return false
	}
	out := apart(a, b)
	return out > far && apart(a, c) < back*out
}

func (p *places) add(f *argos.Fix, _ []string) {
	if p == nil || math.IsNaN(f.Lat) || math.IsNaN(f.Lon) {
		return
	}
	t := p.trucks[f.TruckID]
	if t == nil {
		t = &there{}
		p.trucks[f.TruckID] = t
	}
	here := argos.LatLon{Lat: f.Lat, Lon: f.Lon}
	if t.n >= 2 && swing(t.before, t.last, here) {
		t.swings++
	}
	t.before, t.last = t.last, here
	t.n++
}

// note is a sentence about the truck that swings most, if any does often.
func (p *places) note() string {
	const often = 5 // times in a row of rows, at least, and one in so many rows
	most, truck := 0, ""
	for id, t := range p.trucks {
		if t.swings >= often && t.swings*often*2 > t.n && (t.swings > most || t.swings == most && id < truck) {
			most, truck = t.swings, id
		}
	}
	if most == 0 {
		return ""
	}
	who := "the truck"
	if truck != "" {
		who = "truck " + truck
	}
	say := "if it is several vehicles, say which column names them, --columns truck=COLUMN"
	if p.column != "" {
		say = fmt.Sprintf("column %s tells these places apart: if it names the vehicles, say so, --columns truck=%s", p.column, p.column)
	}
	return fmt.Sprintf("%s is at two places at once, it goes more than %d km away and back %d times: %s", who, far/1000, most, say)
}

// newPlaces looks in the first rows for a column whose values change where the place does, and come back with it.
func (t *table) newPlaces(rows [][]string) *places {
	p := &places{trucks: map[string]*there{}}
	var at []argos.LatLon
	var cells [][]string
	for _, row := range rows {
		r := cellReader{cells: row, at: &t.at, doubts: &[fieldCount]doubt{}}
		lat, lon := r.degrees(fieldLat, fieldNS), r.degrees(fieldLon, fieldEW)
		if r.err == nil && len(row) >= t.width {
			at, cells = append(at, argos.LatLon{Lat: lat, Lon: lon}), append(cells, row)
		}
	}
	swings, fits := 0, make([]int, t.width)
	for i := 2; i < len(at); i++ {
		if !swing(at[i-2], at[i-1], at[i]) {
			continue
		}
		swings++
		for c := range fits {
			was, is, again := strings.TrimSpace(cells[i-2][c]), strings.TrimSpace(cells[i-1][c]), strings.TrimSpace(cells[i][c])
			fits[c] += count(was == again && was != is && was != "" && is != "")
		}
	}
	for c, n := range fits {
		for f := range fieldCount {
			if t.at[f].index == c {
				n = 0
			}
		}
		if swings > 0 && n*10 > swings*9 {
			p.column = fmt.Sprint(c + 1)
			if t.header != nil {
				p.column = t.header[c]
			}
			return p
		}
	}
	return p
}
