package main

import (
	"math"

	"argos"
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

func measure(d *drive, full bool) result {
	var r result
	causal := fold(d.records)
	s := smooth.Drive(d.records)
	clean := d.scored(d.records)
	var byTime map[int64]float64
	if full {
		byTime = map[int64]float64{}
	}
	for i, at := range clean {
		f, t := &d.records[i], &causal[i]
		r.raw.add(truth.Distance(at, argos.LatLon{Lat: f.Lat, Lon: f.Lon}), 1)
		e := truth.Distance(at, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		r.live.add(e, t.Accuracy)
		if full {
			byTime[f.Time] = e
		}
		if e, ok := s.Row(i); ok {
			r.smoothed.add(truth.Distance(at, argos.LatLon{Lat: e.Lat, Lon: e.Lon}), e.Accuracy)
		}
	}
	if full {
		r.faults(d, byTime)
		r.between = [2]float64{between(d, 10), between(d, 30)}
	}
	return r
}

func (r *result) faults(d *drive, byTime map[int64]float64) {
	causal, s := fold(d.corrupt), smooth.Drive(d.corrupt)
	var jumps, smoothJumps, untouched, same errorsOf
	for i, at := range d.scored(d.corrupt) {
		t := &causal[i]
		e := truth.Distance(at, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		switch d.labels[i] {
		case "jump":
			jumps.add(e, 1)
			if row, ok := s.Row(i); ok {
				smoothJumps.add(truth.Distance(at, argos.LatLon{Lat: row.Lat, Lon: row.Lon}), 1)
			}
		case "ok":
			if was, ok := byTime[d.corrupt[i].Time]; ok {
				untouched.add(e, 1)
				same.add(was, 1)
			}
		}
	}
	r.jumps, r.smoothJumps, r.untouched, r.same = jumps.mean(), smoothJumps.mean(), untouched.mean(), same.mean()
}

func fold(rs []argos.Record) []argos.Truck {
	out := make([]argos.Truck, len(rs))
	var t track.Track
	for i := range rs {
		t.Fold(&rs[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&out[i])
	}
	return out
}

// between thins a drive to one fix in every seconds, and compares the smoother with the truth at the times of those left out.
func between(d *drive, every int64) float64 {
	var kept []argos.Record
	var left []int64
	next := int64(math.MinInt64)
	for i := range d.records {
		f := &d.records[i]
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
	s := smooth.Drive(kept)
	var e errorsOf
	for _, ms := range left {
		at, known := d.truth.At(ms)
		if got, ok := s.At(ms); ok && known {
			e.add(truth.Distance(at, argos.LatLon{Lat: got.Lat, Lon: got.Lon}), 1)
		}
	}
	return e.mean()
}
