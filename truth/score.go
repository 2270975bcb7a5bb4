package truth

import (
	"encoding/json"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"argos"
)

// Errors gathers horizontal errors in metres. The zero value is empty.
type Errors struct{ metres []float64 }

// Add counts one error.
func (e *Errors) Add(metres float64) { e.metres = append(e.metres, metres) }

// N is how many errors there are.
func (e *Errors) N() int { return len(e.metres) }

// Mean is NaN when there are none.
func (e *Errors) Mean() float64 { return stat.Mean(e.metres, nil) }

// P95 is the 95th percentile; NaN when there are none.
func (e *Errors) P95() float64 { return e.Quantile(0.95) }

// Quantile is what the share p of the errors does not exceed; NaN when there are none. That of 1 is the largest.
func (e *Errors) Quantile(p float64) float64 {
	if len(e.metres) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(e.metres))
	return stat.Quantile(p, stat.LinInterp, sorted, nil)
}

// MarshalJSON writes {"mean":..,"p95":..} in metres to the millimetre, or nulls when there are none.
func (e *Errors) MarshalJSON() ([]byte, error) {
	round := func(x float64) *float64 {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		x = math.Round(x*1000) / 1000
		return &x
	}
	return json.Marshal(struct {
		Mean *float64 `json:"mean"`
		P95  *float64 `json:"p95"`
	}{round(e.Mean()), round(e.P95())})
}

// Score compares a truck's raw fixes, and what the filter made of them, with its true track. Not for concurrent use.
type Score struct {
	Raw   Errors `json:"raw"`
	Clean Errors `json:"clean"`

	newest  int64
	started bool
}

// Add counts a fix, given in arrival order, with the cleaned position after it and the true one at its time, and says
// whether it did. Left out are fixes without the receiver's own word (valid false), without truth, with a time that
// another fix had or older than an earlier one, and those for which there is no cleaned position yet: raw and clean are
// means over the same fixes. A fix whose time the truth does not know, such as that of a wrong clock, makes no later one old.
func (s *Score) Add(f *argos.Fix, clean, at argos.LatLon, known bool) bool {
	if !f.Valid || !known || s.started && f.Time <= s.newest {
		return false
	}
	if math.IsNaN(clean.Lat) || math.IsNaN(clean.Lon) {
		return false
	}
	s.newest, s.started = f.Time, true
	s.Raw.Add(Distance(argos.LatLon{Lat: f.Lat, Lon: f.Lon}, at))
	s.Clean.Add(Distance(clean, at))
	return true
}
