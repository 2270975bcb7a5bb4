package main

import (
	"math"

	"argos"
	"argos/evaluate"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

// result is what cleaning makes of one drive.
type result struct {
	raw, live, smoothed errorsOf
	jumps, untouched    float64    // live, m, with injected faults: mean at the jumps, mean at the untouched fixes
	same                float64    // live, m, without injected faults, at the untouched fixes
	smoothJumps         float64    // smoothed, m, at the jumps
	between             [2]float64 // m, at the fixes left out of one in 10 s and in 30 s
}

// errorsOf sums horizontal errors.
type errorsOf struct {
	n, sum, in1, in2, score float64
}

func (e *errorsOf) add(metres, sigma float64) {
	e.n++
	e.sum += metres
	if metres <= sigma {
		e.in1++
	}
	if metres <= 2*sigma {
		e.in2++
	}
	// two-dimensional Gaussian: minus log likelihood, bounded so that no outlier rules the fit
	u := metres / sigma
	e.score += 2*math.Log(sigma) + math.Min(u*u/2, 8)
}

func (e *errorsOf) mean() float64 { return e.sum / e.n }

func measure(by track.Recipe, d *drive, full bool) result {
	var r result
	causal := fold(&by, d.clean.Records)
	s := smooth.DriveBy(by, d.clean.Records)
	byTime := map[int64]float64{}
	for _, c := range d.clean.Counted() {
		f, t := &d.clean.Records[c.I], &causal[c.I]
		r.raw.add(truth.Distance(c.At, argos.LatLon{Lat: f.Lat, Lon: f.Lon}), 1)
		e := truth.Distance(c.At, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		r.live.add(e, t.Accuracy)
		byTime[f.Time] = e
		if e, ok := s.Row(c.I); ok {
			r.smoothed.add(truth.Distance(c.At, argos.LatLon{Lat: e.Lat, Lon: e.Lon}), e.Accuracy)
		}
	}
	if full {
		r.faults(by, d, byTime)
		r.between = [2]float64{between(by, d, 10), between(by, d, 30)}
	}
	return r
}

func (r *result) faults(by track.Recipe, d *drive, byTime map[int64]float64) {
	causal, s := fold(&by, d.faulty.Records), smooth.DriveBy(by, d.faulty.Records)
	var jumps, smoothJumps, untouched, same errorsOf
	for _, c := range d.faulty.Counted() {
		t := &causal[c.I]
		e := truth.Distance(c.At, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		switch c.Fault {
		case "jump":
			jumps.add(e, 1)
			if row, ok := s.Row(c.I); ok {
				smoothJumps.add(truth.Distance(c.At, argos.LatLon{Lat: row.Lat, Lon: row.Lon}), 1)
			}
		case evaluate.Ok:
			if was, ok := byTime[d.faulty.Records[c.I].Time]; ok {
				untouched.add(e, 1)
				same.add(was, 1)
			}
		}
	}
	r.jumps, r.smoothJumps, r.untouched, r.same = jumps.mean(), smoothJumps.mean(), untouched.mean(), same.mean()
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

// between thins a drive to one fix in every seconds, and compares the smoother with the truth at the times of those left out.
func between(by track.Recipe, d *drive, every int64) float64 {
	var kept []argos.Record
	var left []int64
	next := int64(math.MinInt64)
	for i := range d.clean.Records {
		f := &d.clean.Records[i]
		if !f.Valid {
			continue
		}
		if f.Time >= next {
			kept = append(kept, *f)
			next = f.Time + 1000*every
		} else {
			left = append(left, f.Time)
		}
	}
	s := smooth.DriveBy(by, kept)
	var e errorsOf
	for _, ms := range left {
		at, known := d.clean.Truth.At(ms)
		if got, ok := s.At(ms); ok && known {
			e.add(truth.Distance(at, argos.LatLon{Lat: got.Lat, Lon: got.Lon}), 1)
		}
	}
	return e.mean()
}
