package evaluate

import (
	"strings"

	"argos"
)

// Counted is a record whose error counts.
type Counted struct {
	I     int // of the record
	At    argos.LatLon
	Fault string // or Ok
	Burst int    // of a jump: how many there are in the run of jumps that it arrived in
	// Velocity is the truth's, m/s east and north; Moving says that it is known and fast enough to have a direction.
	Velocity [2]float64
	Moving   bool
	// Stop is the number, from 1, of the stop in which the truck has stood for a while; 0: it has not.
	Stop int
}

const (
	moving  = 3 // m/s: the speed above which a truck has a direction
	rolling = 2 // m/s: the speed above which nobody would say that it stands
)

// Counted returns the records whose errors count, in order.
func (d *Drive) Counted() []Counted {
	at := d.Truth.Settled()
	stops, bursts := d.stops(), d.bursts()
	var rows []Counted
	var newest int64
	for i := range d.Records {
		r := &d.Records[i]
		p, known := at(r.Time)
		if !r.Valid || !known || len(rows) > 0 && r.Time <= newest {
			continue
		}
		newest = r.Time
		c := Counted{I: i, At: p, Fault: Ok}
		if d.Faults != nil {
			c.Fault, c.Burst = d.Faults[i], bursts[i]
		}
		before, ok1 := at(r.Time - 500)
		after, ok2 := at(r.Time + 500)
		if ok1 && ok2 {
			c.Velocity = metres(before, after) // in a second
			c.Moving = length(c.Velocity) >= moving
		}
		for len(stops) > 0 && stops[0].to < r.Time {
			stops = stops[1:]
		}
		if len(stops) > 0 && r.Time >= stops[0].from+settling {
			c.Stop = stops[0].n
		}
		rows = append(rows, c)
	}
	return rows
}

// bursts has for each record that is a jump how many there are in its run of consecutive jumps, in the order of
// arrival.
func (d *Drive) bursts() []int {
	out := make([]int, len(d.Faults))
	for i := 0; i < len(out); {
		n := 0
		for i+n < len(out) && strings.HasPrefix(d.Faults[i+n], "jump") { // jump, jump_scatter, jump+late, ...
			n++
		}
		for k := range n {
			out[i+k] = n
		}
		i += max(n, 1)
	}
	return out
}
