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

// meanOf is the mean of those that are known.
func meanOf(xs []Number) Number {
	var sum Number
	n := 0
	for _, x := range xs {
		if x == x {
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
	var out Stats
	var mean, p50, p95 []Number
	out.Max = Number(math.NaN())
	for _, s := range all {
		out.N += s.N
		mean, p50, p95 = append(mean, s.Mean), append(p50, s.P50), append(p95, s.P95)
		if !(s.Max <= out.Max) && s.Max == s.Max {
			out.Max = s.Max
		}
	}
	out.Mean, out.P50, out.P95 = meanOf(mean), meanOf(p50), meanOf(p95)
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
