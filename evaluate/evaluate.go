// Package evaluate measures in metres what filters make of recorded drives of which the truth is known.
//
// An error is the horizontal distance to the truth at the fix's own time. Left out are fixes without the receiver's own word,
// those whose time the truth does not know, repeated times, and fixes older than one before. Figures of a set are means over
// its drives of the drives' figures, the largest error apart.
package evaluate

import (
	"cmp"
	"slices"
	"time"

	"argos"
	"argos/truth"
)

// Drive is a recorded drive: the rows that are fixes, in the order of arrival.
type Drive struct {
	Set, Name string
	Records   []argos.Record
	Faults    []string // what was done to each record before it came here; nil where nothing was
	Truth     truth.Track
}

// Ok is the label of a record to which nothing was done.
const Ok = "ok"

// Report is what was measured.
type Report struct {
	Drives []DriveReport `json:"drives"`
	Sets   []DriveReport `json:"sets"` // means over the drives of each
}

// DriveReport is what was measured of a drive, or of a set.
type DriveReport struct {
	Set     string    `json:"set"`
	Name    string    `json:"drive,omitempty"`  // empty: the set
	Drives  int       `json:"drives,omitempty"` // of a set
	Methods []Score   `json:"methods"`
	Between []Between `json:"between,omitempty"`
}

// Run measures the methods on the drives, and between fixes once the drives are thinned to one fix in each of the times.
func Run(drives []Drive, methods []Method, thin []time.Duration) *Report {
	r := &Report{}
	for i := range drives {
		d := &drives[i]
		one := DriveReport{Set: d.Set, Name: d.Name}
		rows := d.Counted()
		for _, m := range methods {
			one.Methods = append(one.Methods, d.score(&m, rows))
		}
		for _, t := range thin {
			one.Between = append(one.Between, d.between(t, rows))
		}
		r.Drives = append(r.Drives, one)
	}
	bySet := map[string][]DriveReport{}
	var sets []string
	for _, d := range r.Drives {
		if bySet[d.Set] == nil {
			sets = append(sets, d.Set)
		}
		bySet[d.Set] = append(bySet[d.Set], d)
	}
	for _, s := range sets {
		r.Sets = append(r.Sets, mean(s, bySet[s]))
	}
	return r
}

// Counted is a record whose error counts.
type Counted struct {
	I     int // of the record
	At    argos.LatLon
	Fault string // or Ok
	// Velocity is the truth's, m/s east and north; Moving says that it is known and fast enough to have a direction.
	Velocity [2]float64
	Moving   bool
}

// moving is the speed above which a truck has a direction, m/s.
const moving = 3

// Counted returns the records whose errors count, in order.
func (d *Drive) Counted() []Counted {
	at := d.Truth.Settled()
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
			c.Fault = d.Faults[i]
		}
		before, ok1 := at(r.Time - 500)
		after, ok2 := at(r.Time + 500)
		if ok1 && ok2 {
			c.Velocity = metres(before, after) // in a second
			c.Moving = length(c.Velocity) >= moving
		}
		rows = append(rows, c)
	}
	return rows
}

// mean is a set's report.
func mean(set string, drives []DriveReport) DriveReport {
	out := DriveReport{Set: set, Drives: len(drives)}
	for i := range drives[0].Methods {
		out.Methods = append(out.Methods, meanScore(each(drives, func(d DriveReport) Score { return d.Methods[i] })))
	}
	for i := range drives[0].Between {
		out.Between = append(out.Between, meanBetween(each(drives, func(d DriveReport) Between { return d.Between[i] })))
	}
	return out
}

// faulted lists the labels that occur in a report.
func (r *Report) faulted() []string {
	var labels []string
	for _, s := range r.Sets {
		for _, m := range s.Methods {
			for _, f := range m.Faults {
				if !slices.Contains(labels, f.Label) {
					labels = append(labels, f.Label)
				}
			}
		}
	}
	slices.SortFunc(labels, cmp.Compare)
	return labels
}
