package evaluate

import (
	"math"

	"argos"
	"argos/truth"
)

// Standstill is what a method says of a truck that stands, at untouched fixes. A truck stands when the truth goes less
// than 0.1 m/s for at least 20 s; what is said in the first 15 s of it does not count.
type Standstill struct {
	N       int    `json:"n"`                   // fixes of a truck that stands
	Told    Number `json:"told_stopped"`        // the share of them that is told to be stopped
	MovingN int    `json:"moving_n"`            // fixes of a truck that goes more than 2 m/s
	Wrongly Number `json:"moving_told_stopped"` // the share of them that is told to be stopped
	Creep   Number `json:"creep_m_per_min"`     // the way that the answers go while the truck stands
}

const (
	standing  = 0.1    // m/s
	leastStop = 20_000 // ms
	settling  = 15_000 // ms
)

// stop is a time in which the truck stands, ms.
type stop struct {
	n        int // from 1
	from, to int64
}

// stops finds where the truth goes less than 0.1 m/s, from each second to the next, for long enough.
func (d *Drive) stops() (all []stop) {
	if len(d.Truth) == 0 {
		return nil
	}
	const second = 1000
	at := d.Truth.Settled()
	var last argos.LatLon
	known, since := false, int64(-1)
	first, end := d.Truth[0].TMs, d.Truth[len(d.Truth)-1].TMs
	for ms := first; ms <= end+second; ms += second { // one beyond the end, where nothing is known, ends the last
		p, ok := at(ms)
		stands := ok && known && truth.Distance(last, p) < standing
		switch {
		case stands && since < 0:
			since = ms - second
		case !stands && since >= 0:
			if to := ms - second; to-since >= leastStop {
				all = append(all, stop{len(all) + 1, since, to})
			}
			since = -1
		}
		last, known = p, ok
	}
	return all
}

// standstill measures what is said of a truck that stands; of what tells no status the creep alone.
func standstill(rows []judged, tells bool) Standstill {
	var s Standstill
	told, wrongly, metres, minutes := 0, 0, 0.0, 0.0
	var last *judged
	for i := range rows {
		r := &rows[i]
		if r.Fault != Ok {
			continue
		}
		stopped := r.answer.Status == argos.Stopped
		if r.Stop > 0 {
			s.N++
			if stopped {
				told++
			}
			if last != nil && last.Stop == r.Stop {
				metres += truth.Distance(last.answer.LatLon, r.answer.LatLon)
				minutes += float64(r.ms-last.ms) / 60_000
			}
		}
		if length(r.Velocity) > rolling {
			s.MovingN++
			if stopped {
				wrongly++
			}
		}
		last = r
	}
	s.Told, s.Wrongly, s.Creep = share(told, s.N), share(wrongly, s.MovingN), Number(metres/minutes)
	if !tells {
		s.Told, s.Wrongly = Number(math.NaN()), Number(math.NaN())
	}
	return s
}

func meanStandstill(all []Standstill) Standstill {
	out := Standstill{
		Told:    meanOf(each(all, func(s Standstill) Number { return s.Told })),
		Wrongly: meanOf(each(all, func(s Standstill) Number { return s.Wrongly })),
		Creep:   meanOf(each(all, func(s Standstill) Number { return s.Creep })),
	}
	for _, s := range all {
		out.N += s.N
		out.MovingN += s.MovingN
	}
	return out
}
