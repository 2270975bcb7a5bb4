package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"argos"
	"argos/io/traceio"
	"argos/sender"
	"argos/sim"
)

// feed is a stream of fixes to be sent, each when its time after the start has come, and what is known of the truth.
type feed struct {
	fixes    iter.Seq2[time.Duration, argos.Fix]
	recorded bool // the fixes' times are their own: no gateway may judge them
	truth    func(truckID string, timeMs int64) (argos.LatLon, bool)
	trucks   int
}

// simulated feeds a simulated fleet that starts now. Faster than real time its clocks would be ahead of the gateway's:
// then it is a recording.
func simulated(c sim.Config, speed float64) feed {
	c.Start = time.Now()
	fleet := sim.New(c)
	return feed{
		fixes: func(yield func(time.Duration, argos.Fix) bool) {
			for {
				fix, at := fleet.Next()
				if !yield(at, fix) {
					return
				}
			}
		},
		recorded: speed != 1,
		truth:    fleet.TruthAt,
		trucks:   c.Trucks,
	}
}

// recordings feeds recorded drives, all starting together; trucks that one file names keep their time to each other.
// What was made of each file is written to told, above all rows that no gateway could be sent. A file of which nothing
// could is an error.
func recordings(paths []string, what recorded, told io.Writer) (feed, error) {
	drives, err := traceio.Find(paths, what.Fixes)
	if err != nil {
		return feed{}, err
	}
	f := feed{recorded: true}
	known := map[string]func(int64) (argos.LatLon, bool){}
	trucks := map[string]bool{}
	var all []timed
	base := sender.SeqBase(time.Now())
	for _, d := range drives {
		d.Columns, d.Date = what.columns(), what.Date
		rows, s := readDrive(d)
		if err := s.Err(); err != nil {
			return feed{}, err
		}
		s.Print(told)
		var ids []string
		fixes := map[string][]argos.Fix{}
		for _, r := range rows {
			if r.Err != nil {
				continue
			}
			r.Fix.Seq += base
			if id := r.Fix.TruckID; fixes[id] == nil {
				ids, trucks[id] = append(ids, id), true
			}
			fixes[r.Fix.TruckID] = append(fixes[r.Fix.TruckID], r.Fix)
		}
		begins := starts(ids, fixes)
		for _, id := range ids {
			for i, at := range schedule(fixes[id]) {
				all = append(all, timed{begins[id] + at, fixes[id][i]})
			}
		}
		track, err := traceio.Truth(d)
		if err != nil {
			return feed{}, err
		}
		known[d.Name] = track.Settled()
	}
	f.trucks = len(trucks)
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	f.fixes = func(yield func(time.Duration, argos.Fix) bool) {
		for _, x := range all {
			if !yield(x.at, x.fix) {
				return
			}
		}
	}
	f.truth = func(id string, t int64) (argos.LatLon, bool) {
		at, ok := known[id]
		if !ok {
			return argos.LatLon{}, false
		}
		return at(t)
	}
	return f, nil
}

// starts says how long after the first of them each truck of one file begins. Of wrong clocks no truck waits longer
// than a day.
func starts(ids []string, fixes map[string][]argos.Fix) map[string]time.Duration {
	begins := map[string]time.Duration{}
	if len(ids) < 2 {
		return begins
	}
	var firsts []int64
	for _, id := range ids {
		firsts = append(firsts, fixes[id][0].Time)
	}
	slices.Sort(firsts)
	day := (24 * time.Hour).Milliseconds()
	middle := firsts[len(firsts)/2]
	i, _ := slices.BinarySearch(firsts, middle-day)
	for _, id := range ids {
		after := fixes[id][0].Time - firsts[i]
		begins[id] = time.Duration(min(max(after, 0), day)) * time.Millisecond
	}
	return begins
}

type timed struct {
	at  time.Duration
	fix argos.Fix
}

// schedule says when each fix of a recording arrived, from the first one on: the order is the recording's, the pace
// that of its clock. Wrong clocks must not stall it: the median of five neighbours is what counts, and no step counts
// for more than longestPause.
func schedule(fixes []argos.Fix) []time.Duration {
	const reach = 2
	due := make([]time.Duration, len(fixes))
	var near [2*reach + 1]int64
	var now time.Duration
	var latest int64 // ms
	longest := longestPause(fixes)
	for i := range fixes {
		w := near[:0]
		for j := max(0, i-reach); j <= min(len(fixes)-1, i+reach); j++ {
			w = append(w, fixes[j].Time)
		}
		slices.Sort(w)
		t := w[len(w)/2]
		switch step := time.Duration(t-latest) * time.Millisecond; {
		case i == 0:
			latest = t
		case step > 0:
			now += min(step, longest)
			latest = t
		case step < -longest: // it was ahead by mistake
			latest = t
		}
		due[i] = now
	}
	return due
}

// longestPause bounds what a step of a drive's clock may mean, for its clock may be wrong for a while: a minute, or a
// few of the drive's usual steps when these are slow.
func longestPause(fixes []argos.Fix) time.Duration {
	var steps []int64
	for i := 1; i < len(fixes); i++ {
		if d := fixes[i].Time - fixes[i-1].Time; d > 0 {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return time.Minute
	}
	slices.Sort(steps)
	return max(time.Minute, 5*time.Duration(steps[len(steps)/2])*time.Millisecond)
}

// play sends the fixes at their time, speed times as fast, until they or ctx end.
func play(ctx context.Context, f feed, speed float64, s *sender.Sender) error {
	start := time.Now()
	wait := time.NewTimer(0)
	defer wait.Stop()
	for at, fix := range f.fixes {
		if d := time.Until(start.Add(time.Duration(float64(at) / speed))); d > 0 {
			wait.Reset(d)
			select {
			case <-wait.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := s.Send(ctx, fix); err != nil && ctx.Err() == nil {
			return fmt.Errorf("send a fix of truck %s: %w", fix.TruckID, err)
		}
	}
	return nil
}
