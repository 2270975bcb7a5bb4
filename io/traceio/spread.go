package traceio

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"argos"
)

const (
	// coarse is the share of rows, of those of a drive, that have the time of the row before and another place, from
	// which on the clock is taken to be coarser than the receiver's rate. Fewer are faults of single rows, and stay
	// duplicates.
	coarse = 1. / 20
	// fastest bounds, in m/s, how far a truck goes within one unit of its clock: what lies farther apart is not one
	// truck's way.
	fastest = 100
)

// spread gives the rows of one truck times of their own where its clock is coarser than its rate: where all times are
// whole seconds, or whole minutes, those that follow one another at one time and at different places are set evenly
// within it, in their order. A row that repeats the one before keeps its time, and so stays its duplicate. The note
// says what was done, in one sentence; it is empty when nothing was.
//
// Rows with an Err are passed over.
func spread(rows []Row) (note string) {
	fixes := make([]int, 0, len(rows))
	for i := range rows {
		if rows[i].Err == nil {
			fixes = append(fixes, i)
		}
	}
	unit, name := unitOf(rows, fixes)
	if unit == 0 {
		return ""
	}
	var runs [][]int // of one time, at different places
	moved := 0
	for len(fixes) > 0 {
		n := 1
		for n < len(fixes) && rows[fixes[n]].Fix.Time == rows[fixes[0]].Fix.Time {
			n++
		}
		if places := placesOf(rows, fixes[:n], unit); places > 1 {
			moved += places - 1
		}
		runs = append(runs, fixes[:n])
		fixes = fixes[n:]
	}
	if moved == 0 || float64(moved) < coarse*float64(len(rows)) || !steady(rows, runs, unit) {
		return ""
	}
	size := usualSize(runs)
	back := falls(rows, runs)
	shared := 0
	for i, run := range runs {
		if placesOf(rows, run, unit) < 2 {
			continue
		}
		shared += len(run)
		// The first and the last time may be cut off: what there is of them has the usual pace.
		n, from := len(run), 0
		if n < size && (i == 0 || i == len(runs)-1) {
			if first := i == 0; first != back {
				from = size - n
			}
			n = size
		}
		set(rows, run, unit, from, n, back)
	}
	return fmt.Sprintf("its clock tells whole %s only: %d rows that share their time with others are spread over it",
		name, shared)
}

// unitOf is what all times are multiples of, in ms; 0 when they are finer than a second.
func unitOf(rows []Row, fixes []int) (unit int64, name string) {
	unit, name = 60_000, "minutes"
	several := false
	for _, i := range fixes {
		t := rows[i].Fix.Time
		if t%1000 != 0 {
			return 0, ""
		}
		several = several || t != rows[fixes[0]].Fix.Time
		if t%60_000 != 0 {
			unit, name = 1000, "seconds"
		}
	}
	if !several { // one whole minute may be a second as well
		return 1000, "seconds"
	}
	return unit, name
}

// placesOf counts the places of a run, one after the other; 0 where they can't be one truck's way within a unit.
func placesOf(rows []Row, run []int, unit int64) int {
	n := 1
	for k := 1; k < len(run); k++ {
		a, b := &rows[run[k-1]].Fix, &rows[run[k]].Fix
		if a.Lat == b.Lat && a.Lon == b.Lon {
			continue
		}
		if metresApart(a, b) > fastest*float64(unit)/1000 {
			return 0
		}
		n++
	}
	return n
}

// metresApart is how far two fixes are from each other, in m, near enough for a bound.
func metresApart(a, b *argos.Fix) float64 {
	const degree = 111_195 // m, of a great circle of the mean earth
	east := math.Remainder(b.Lon-a.Lon, 360) * math.Cos(a.Lat*math.Pi/180)
	return degree * math.Hypot(b.Lat-a.Lat, east)
}

// steady says that most times follow one another unit by unit: else several rows of one time were not told by a coarse
// clock.
func steady(rows []Row, runs [][]int, unit int64) bool {
	steps := 0
	for i := 1; i < len(runs); i++ {
		if d := rows[runs[i][0]].Fix.Time - rows[runs[i-1][0]].Fix.Time; d == unit || d == -unit {
			steps++
		}
	}
	return len(runs) > 1 && 5*steps >= 4*(len(runs)-1)
}

// usualSize is the median number of rows of one time.
func usualSize(runs [][]int) int {
	sizes := make([]int, len(runs))
	for i, run := range runs {
		sizes[i] = len(run)
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}

// falls says whether the newest rows come first.
func falls(rows []Row, runs [][]int) bool {
	down := 0
	for i := 1; i < len(runs); i++ {
		if rows[runs[i][0]].Fix.Time < rows[runs[i-1][0]].Fix.Time {
			down++
		}
	}
	return 2*down > len(runs)-1
}

// set puts the rows of a run at the steps from, from+1, ... of n in the unit that begins at their time, or the other
// way round.
func set(rows []Row, run []int, unit int64, from, n int, back bool) {
	begin := rows[run[0]].Fix.Time
	for k, i := range run {
		r := &rows[i]
		if k > 0 {
			if before := &rows[run[k-1]]; r.Fix.Lat == before.Fix.Lat && r.Fix.Lon == before.Fix.Lon {
				r.Fix.Time, r.TMs = before.Fix.Time, before.TMs
				continue
			}
		}
		step := from + k
		if back {
			step = from + len(run) - 1 - k
		}
		r.Fix.Time = begin + unit*int64(step)/int64(n)
		r.TMs = strconv.FormatInt(r.Fix.Time, 10)
	}
}
