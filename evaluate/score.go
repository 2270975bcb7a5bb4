package evaluate

import (
	"maps"
	"math"
	"slices"

	"argos"
	"argos/truth"
)

// Score is what was measured of one method.
type Score struct {
	Method string `json:"method"`
	Errors Stats  `json:"error_m"` // at the records to which nothing was done
	// Faults has the errors at the others, by what was done.
	Faults []FaultStats `json:"faults,omitempty"`
	// Lag is how far the answers are behind the truth along its way, while it moves: in metres the mean, in seconds the time
	// that explains it best. Negative is ahead.
	LagS Number `json:"lag_s"`
	LagM Number `json:"lag_m"`
	// Within is how often the truth is inside the claimed 1 and 2 sigma per axis; for errors that are Gaussian in each axis
	// 39 and 86 %.
	Within1 Number `json:"within_1_sigma"`
	Within2 Number `json:"within_2_sigma"`
}

// FaultStats are the errors at the records to which one thing was done.
type FaultStats struct {
	Label string `json:"label"`
	Stats
}

func (d *Drive) score(m *Method, rows []Counted) Score {
	answers := m.Run(d.Records)
	var clean truth.Errors
	faults := map[string]*truth.Errors{}
	var along, alongV, vv float64 // sums of the lag, of lag times speed, of speed squared
	var n, claimed, in1, in2 int
	for _, c := range rows {
		a := answers[c.I]
		if math.IsNaN(a.Lat) {
			continue
		}
		e := truth.Distance(a.LatLon, c.At)
		if c.Fault != Ok {
			if faults[c.Fault] == nil {
				faults[c.Fault] = new(truth.Errors)
			}
			faults[c.Fault].Add(e)
			continue
		}
		clean.Add(e)
		if c.Moving {
			off, v := metres(a.LatLon, c.At), length(c.Velocity)
			behind := (off[0]*c.Velocity[0] + off[1]*c.Velocity[1]) / v
			n, along, alongV, vv = n+1, along+behind, alongV+behind*v, vv+v*v
		}
		if !math.IsNaN(a.Sigma) {
			claimed++
			if e <= a.Sigma {
				in1++
			}
			if e <= 2*a.Sigma {
				in2++
			}
		}
	}
	s := Score{
		Method: m.Name, Errors: statsOf(&clean),
		LagS: Number(alongV / vv), LagM: Number(along / float64(n)),
		Within1: Number(float64(in1) / float64(claimed)), Within2: Number(float64(in2) / float64(claimed)),
	}
	for _, label := range slices.Sorted(maps.Keys(faults)) {
		s.Faults = append(s.Faults, FaultStats{label, statsOf(faults[label])})
	}
	return s
}

func meanScore(all []Score) Score {
	out := Score{
		Method:  all[0].Method,
		Errors:  meanStats(each(all, func(s Score) Stats { return s.Errors })),
		LagS:    meanOf(each(all, func(s Score) Number { return s.LagS })),
		LagM:    meanOf(each(all, func(s Score) Number { return s.LagM })),
		Within1: meanOf(each(all, func(s Score) Number { return s.Within1 })),
		Within2: meanOf(each(all, func(s Score) Number { return s.Within2 })),
	}
	faults := map[string][]Stats{}
	for _, s := range all {
		for _, f := range s.Faults {
			faults[f.Label] = append(faults[f.Label], f.Stats)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(faults)) {
		out.Faults = append(out.Faults, FaultStats{label, meanStats(faults[label])})
	}
	return out
}

// Answer is where a method says that the truck was at a record's time; Lat is NaN where it does not know.
type Answer struct {
	argos.LatLon
	Sigma float64 // m, per axis; NaN where nothing is claimed
}

var nowhere = Answer{argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}, math.NaN()}
