package main

import (
	"math"
	"sync"

	"argos"
	"argos/evaluate"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

// result is what cleaning makes of one drive, by mode, and with faults.
type result struct {
	modes map[mode]errors3
	// with injected faults: at the jumps, at the untouched fixes, and at those same fixes without faults
	jumps, untouched, same errors3
}

// errors3 are the errors of the raw fixes, live and smoothed.
type errors3 struct{ raw, live, smoothed sums }

// sums of horizontal errors in metres, and how many are within two claimed sigmas.
type sums struct{ n, sum, within, score float64 }

func (e *sums) add(metres, sigma float64) {
	e.n++
	e.sum += metres
	if metres <= 2*sigma {
		e.within++
	}
	// two-dimensional Gaussian: minus log likelihood, bounded so that no outlier rules the fit
	u := metres / sigma
	e.score += 2*math.Log(sigma) + math.Min(u*u/2, 8)
}

func (e sums) mean() float64 { return e.sum / e.n }

// measureAll measures the drives, two at a time.
func measureAll(by track.Recipe, drives []drive, modes ...mode) []result {
	out := make([]result, len(drives))
	var wait sync.WaitGroup
	for half := range 2 {
		wait.Go(func() {
			for i := half; i < len(drives); i += 2 {
				out[i] = measure(by, &drives[i], modes)
			}
		})
	}
	wait.Wait()
	return out
}

func measure(by track.Recipe, d *drive, modes []mode) result {
	r := result{modes: map[mode]errors3{}}
	var was map[int64][2]float64
	if d.clean != nil {
		for _, m := range modes {
			if told := m.of(d.clean); told != nil {
				e, at := errorsOf(by, told, func(evaluate.Counted) bool { return true })
				if r.modes[m] = e; m == recorded {
					was = at
				}
			}
		}
	}
	r.jumps, _ = errorsOf(by, d.faulty, func(c evaluate.Counted) bool { return c.Fault == "jump" })
	if was == nil {
		return r
	}
	var now map[int64][2]float64
	r.untouched, now = errorsOf(by, d.faulty, func(c evaluate.Counted) bool { return c.Fault == evaluate.Ok })
	for at := range now {
		if e, ok := was[at]; ok {
			r.same.live.add(e[0], 1)
			r.same.smoothed.add(e[1], 1)
		}
	}
	return r
}

// errorsOf measures the rows of a drive that count, and returns the errors live and smoothed by time, too.
func errorsOf(
	by track.Recipe,
	d *evaluate.Drive,
	counts func(evaluate.Counted) bool,
) (out errors3, at map[int64][2]float64) {
	at = map[int64][2]float64{}
	causal, s := fold(&by, d.Records), smooth.DriveBy(by, d.Records)
	for _, c := range d.Counted() {
		f, t := &d.Records[c.I], &causal[c.I]
		row, ok := s.Row(c.I)
		if !counts(c) || !ok {
			continue
		}
		live := truth.Distance(c.At, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		smoothed := truth.Distance(c.At, argos.LatLon{Lat: row.Lat, Lon: row.Lon})
		out.raw.add(truth.Distance(c.At, argos.LatLon{Lat: f.Lat, Lon: f.Lon}), 1)
		out.live.add(live, t.Accuracy)
		out.smoothed.add(smoothed, row.Accuracy)
		at[f.Time] = [2]float64{live, smoothed}
	}
	return out, at
}

func fold(by *track.Recipe, rs []argos.Record) []argos.Truck {
	out := make([]argos.Truck, len(rs))
	t := by.Track()
	for i := range rs {
		t.Fold(&rs[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&out[i])
	}
	return out
}
