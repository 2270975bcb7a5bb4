package evaluate

import (
	"encoding/json"
	"math"

	"argos"
	"argos/transforms/kalman"
	"argos/truth"
)

// Number is a figure; NaN where there is none, which JSON has as null.
type Number float64

// MarshalJSON writes four digits after the point.
func (n Number) MarshalJSON() ([]byte, error) {
	x := float64(n)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(x*1e4) / 1e4)
}

func (n Number) known() bool { return !math.IsNaN(float64(n)) }

// each makes something of each element.
func each[T, U any](all []T, of func(T) U) []U {
	out := make([]U, len(all))
	for i, x := range all {
		out[i] = of(x)
	}
	return out
}

// meanOf is the mean of those that are known.
func meanOf(xs []Number) Number {
	var sum Number
	n := 0
	for _, x := range xs {
		if x.known() {
			sum += x
			n++
		}
	}
	return sum / Number(n)
}

// Stats are those of errors, in metres.
type Stats struct {
	N    int    `json:"n"`
	Mean Number `json:"mean"`
	P50  Number `json:"p50"`
	P95  Number `json:"p95"`
	Max  Number `json:"max"`
}

func statsOf(e *truth.Errors) Stats {
	return Stats{e.N(), Number(e.Mean()), Number(e.Quantile(0.5)), Number(e.P95()), Number(e.Quantile(1))}
}

// meanStats is the mean over drives; its N and Max are those of all.
func meanStats(all []Stats) Stats {
	out := Stats{
		Mean: meanOf(each(all, func(s Stats) Number { return s.Mean })),
		P50:  meanOf(each(all, func(s Stats) Number { return s.P50 })),
		P95:  meanOf(each(all, func(s Stats) Number { return s.P95 })),
		Max:  largest(each(all, func(s Stats) Number { return s.Max })),
	}
	for _, s := range all {
		out.N += s.N
	}
	return out
}

// largest is that of those that are known.
func largest(xs []Number) Number {
	out := unknown
	for _, x := range xs {
		if x.known() && !(x <= out) {
			out = x
		}
	}
	return out
}

// metres is the way from one place to another near it, east and north.
func metres(from, to argos.LatLon) [2]float64 {
	p := kalman.NewPlane(from.Lat, from.Lon)
	return p.Metres(to.Lat, to.Lon)
}

func length(v [2]float64) float64 { return math.Hypot(v[0], v[1]) }

// from is the place so many metres east and north of another.
func from(p argos.LatLon, east, north float64) argos.LatLon {
	plane := kalman.NewPlane(p.Lat, p.Lon)
	lat, lon := plane.Degrees([2]float64{east, north})
	return argos.LatLon{Lat: lat, Lon: lon}
}

// share is NaN of none.
func share(n, of int) Number { return Number(float64(n) / float64(of)) }
