package traceio

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"
)

const dayMs = 24 * 60 * 60 * 1000

// aDate is false of what a receiver may write until it knows the date: zeros.
func aDate(month, day int64) bool { return month >= 1 && month <= 12 && day >= 1 && day <= 31 }

// dated takes in the date of the instant at hand.
func (s *sentences) dated(day time.Time) {
	s.now.dated = true
	s.day, s.latest = day, s.now.clock
	s.backwards(day, s.now.clock)
}

// backwards dates what waits for it, from an instant on that comes after.
func (s *sentences) backwards(day time.Time, clock int64) {
	for _, i := range slices.Backward(s.undated) {
		r := &s.ready[i]
		if r.Fix.Time > clock+dayMs/2 { // before midnight
			day = day.AddDate(0, 0, -1)
		}
		clock = r.Fix.Time
		r.at(day.UnixMilli() + clock)
	}
	s.undated = nil
}

// end dates a log that has told no date.
func (s *sentences) end() {
	s.ended = true
	day, latest := s.begins, int64(0)
	for _, i := range s.undated {
		r := &s.ready[i]
		if s.begins.IsZero() {
			r.Err = errNoDate
			continue
		}
		if r.Fix.Time < latest-dayMs/2 { // past midnight
			day = day.AddDate(0, 0, 1)
		}
		latest = r.Fix.Time
		r.at(day.UnixMilli() + latest)
	}
	s.undated = nil
}

var errNoDate = errors.New("no sentence tells the date: give that of the first row by --date YYYY-MM-DD")

// close makes a row of the instant at hand.
func (s *sentences) close() {
	if s.now == nil {
		return
	}
	n := s.now
	s.now = nil
	r := Row{line: n.line, Fix: n.fix}
	if math.IsNaN(r.Fix.Lat) {
		r.Err = errors.New("the receiver tells no position")
	}
	switch {
	case s.day.IsZero():
		r.Fix.Time = n.clock
		s.undated = append(s.undated, len(s.ready))
	default:
		if !n.dated {
			if n.clock < s.latest-dayMs/2 { // past midnight
				s.day = s.day.AddDate(0, 0, 1)
			}
			s.latest = n.clock
		}
		r.at(s.day.UnixMilli() + n.clock)
	}
	s.ready = append(s.ready, r)
}

// at sets a row's time.
func (r *Row) at(ms int64) { r.Fix.Time, r.TMs = ms, strconv.FormatInt(ms, 10) }
