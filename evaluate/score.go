package evaluate

import (
	"math"

	"argos"
	"argos/truth"
)

// Score is what was measured of one method.
type Score struct {
	Method string `json:"method"`
	Errors Stats  `json:"error_m"` // at the records to which nothing was done
	// Faults has the errors at the others, by what was done, and Jumps those at jumps, by the length of the burst.
	Faults []FaultStats `json:"faults,omitempty"`
	Jumps  []BurstStats `json:"jumps,omitempty"`
	Rise   *Rise        `json:"rise,omitempty"` // where the drive is known without faults, too
	Worst  Worst        `json:"worst"`
	// Lag is how far the answers are behind the truth along its way, while it moves: in metres the mean, in seconds the
	// time that explains it best. Negative is ahead.
	LagS Number `json:"lag_s"`
	LagM Number `json:"lag_m"`
	// Within is how often the truth is inside the claimed 1 and 2 sigma per axis; for errors that are Gaussian in each
	// axis 39 and 86 %. Beyond5 is the longest time, in s, that it was further off than 5, faults or none: from the fix
	// where it began to the one where it was over.
	Within1    Number     `json:"within_1_sigma"`
	Within2    Number     `json:"within_2_sigma"`
	Beyond5    Number     `json:"longest_beyond_5_sigma_s"`
	Standstill Standstill `json:"standstill"`
}

// Worst is the counted record with the largest error, whatever was done to it.
type Worst struct {
	Drive string `json:"drive,omitempty"`
	Time  int64  `json:"t_ms"`
	Fault string `json:"fault,omitempty"`
	Error Number `json:"error_m"`
}

// Answer is where a method says that the truck was at a record's time; Lat is NaN where it does not know.
type Answer struct {
	argos.LatLon
	Sigma  float64      // m, per axis; NaN where nothing is claimed
	Status argos.Status // of methods that tell it
}

var nowhere = Answer{LatLon: argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}, Sigma: math.NaN()}

// judged is an answer to a counted record.
type judged struct {
	Counted
	ms     int64
	answer Answer
	off    float64 // m from the truth
}

// judge compares the answers to the counted records, where there are any, with the truth.
func judge(records []argos.Record, rows []Counted, answers []Answer) []judged {
	var all []judged
	for _, c := range rows {
		if a := answers[c.I]; !math.IsNaN(a.Lat) {
			all = append(all, judged{c, records[c.I].Time, a, truth.Distance(a.LatLon, c.At)})
		}
	}
	return all
}

// score measures a method; clean are the counted records of the drive without faults.
func (d *Drive) score(m *Method, rows, clean []Counted) Score {
	all := judge(d.Records, rows, m.Run(d.Records))
	s := Score{
		Method: m.Name, Faults: faultStats(all), Jumps: burstStats(all, m.Tells), Worst: d.worst(all),
		Beyond5:    longestBeyond(5, all),
		Standstill: standstill(all, m.Tells),
	}
	if d.Clean != nil {
		s.Rise = rise(all, judge(d.Clean, clean, m.Run(d.Clean)))
	}
	var untouched truth.Errors
	var along, alongV, vv float64 // sums of the lag, of lag times speed, of speed squared
	var n, claimed, in1, in2 int
	for _, r := range all {
		if r.Fault != Ok {
			continue
		}
		untouched.Add(r.off)
		if r.Moving {
			off, v := metres(r.answer.LatLon, r.At), length(r.Velocity)
			behind := (off[0]*r.Velocity[0] + off[1]*r.Velocity[1]) / v
			n, along, alongV, vv = n+1, along+behind, alongV+behind*v, vv+v*v
		}
		if sigma := r.answer.Sigma; !math.IsNaN(sigma) {
			claimed++
			if r.off <= sigma {
				in1++
			}
			if r.off <= 2*sigma {
				in2++
			}
		}
	}
	s.Errors = statsOf(&untouched)
	s.LagS, s.LagM = Number(alongV/vv), Number(along/float64(n))
	s.Within1, s.Within2 = share(in1, claimed), share(in2, claimed)
	return s
}

func (d *Drive) worst(rows []judged) Worst {
	w := Worst{Error: unknown}
	for _, r := range rows {
		if !(Number(r.off) <= w.Error) {
			w = Worst{d.Name, r.ms, r.Fault, Number(r.off)}
		}
	}
	return w
}

// longestBeyond is the longest time, in s, for which the answers are further off than so many of their sigmas; NaN
// where none is claimed.
func longestBeyond(sigmas float64, rows []judged) Number {
	longest, since := unknown, int64(-1)
	for _, r := range rows {
		if math.IsNaN(r.answer.Sigma) {
			continue
		}
		if !longest.known() {
			longest = 0
		}
		if since >= 0 {
			longest = max(longest, Number(r.ms-since)/1000)
		}
		switch beyond := r.off > sigmas*r.answer.Sigma; {
		case !beyond:
			since = -1
		case since < 0:
			since = r.ms
		}
	}
	return longest
}

func meanScore(all []Score) Score {
	out := Score{
		Method:  all[0].Method,
		Errors:  meanStats(each(all, func(s Score) Stats { return s.Errors })),
		Faults:  meanFaults(all),
		Jumps:   meanBursts(all),
		Rise:    meanRise(all),
		Worst:   Worst{Error: unknown},
		LagS:    meanOf(each(all, func(s Score) Number { return s.LagS })),
		LagM:    meanOf(each(all, func(s Score) Number { return s.LagM })),
		Within1: meanOf(each(all, func(s Score) Number { return s.Within1 })),
		Within2: meanOf(each(all, func(s Score) Number { return s.Within2 })),
		Beyond5: largest(each(all, func(s Score) Number { return s.Beyond5 })),

		Standstill: meanStandstill(each(all, func(s Score) Standstill { return s.Standstill })),
	}
	for _, s := range all {
		if s.Worst.Error.known() && !(s.Worst.Error <= out.Worst.Error) {
			out.Worst = s.Worst
		}
	}
	return out
}
