// Package evaluate measures in metres what filters make of recorded drives of which the truth is known.
//
// An error is the horizontal distance to the truth at the fix's own time. Left out are fixes without the receiver's own
// word, those whose time the truth does not know, repeated times, and fixes older than one before. Figures of a set are
// means over its drives of the drives' figures, the largest error and the longest time apart.
package evaluate

import (
	"time"

	"argos"
	"argos/truth"
)

// Drive is a recorded drive: the rows that are fixes, in the order of arrival.
type Drive struct {
	Set, Name string
	Mode      Mode // empty: Recorded
	Records   []argos.Record
	Faults    []string       // what was done to each record before it came here; nil where nothing was
	Clean     []argos.Record // what Records were before the faults; nil: not known
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
	Name    string    `json:"drive,omitempty"` // empty: the set
	Mode    Mode      `json:"mode,omitempty"`
	Drives  int       `json:"drives,omitempty"` // of a set
	Methods []Score   `json:"methods"`
	Between []Between `json:"between,omitempty"`
}

// Run measures the methods on the drives, and between fixes once the drives are thinned to one fix in each of the
// times.
func Run(drives []Drive, methods []Method, thin []time.Duration) *Report {
	r := &Report{}
	for i := range drives {
		d := &drives[i]
		one := DriveReport{Set: d.Set, Name: d.Name, Mode: d.Mode, Methods: d.scores(methods)}
		for _, t := range thin {
			one.Between = append(one.Between, d.between(t, methods))
		}
		r.Drives = append(r.Drives, one)
	}
	type setMode struct {
		set  string
		mode Mode
	}
	bySet := map[setMode][]DriveReport{}
	var sets []setMode
	for _, d := range r.Drives {
		s := setMode{d.Set, d.Mode}
		if bySet[s] == nil {
			sets = append(sets, s)
		}
		bySet[s] = append(bySet[s], d)
	}
	for _, s := range sets {
		r.Sets = append(r.Sets, mean(bySet[s]))
	}
	return r
}

// scores measures each method on the drive.
func (d *Drive) scores(methods []Method) (all []Score) {
	rows := d.Counted()
	clean := (&Drive{Records: d.Clean, Truth: d.Truth}).Counted()
	for i := range methods {
		all = append(all, d.score(&methods[i], rows, clean))
	}
	return all
}

// mean is a set's report.
func mean(drives []DriveReport) DriveReport {
	out := DriveReport{Set: drives[0].Set, Mode: drives[0].Mode, Drives: len(drives)}
	for i := range drives[0].Methods {
		out.Methods = append(out.Methods, meanScore(each(drives, func(d DriveReport) Score { return d.Methods[i] })))
	}
	for i := range drives[0].Between {
		thinned := each(drives, func(d DriveReport) Between { return d.Between[i] })
		out.Between = append(out.Between, meanBetween(thinned))
	}
	return out
}
