package track

import (
	"math"

	"argos"
)

// fix is what the filter uses of a record, rounded at once to what the packed form can tell: so it does not matter
// whether a fix was packed on its way into the filter.
type fix struct {
	time     int64   // ms
	lat, lon int32   // 1e-7 degrees: 1 cm
	sigma    float32 // m per axis
	speed    uint16  // cm/s as reported, or notReported
	used     bool    // the gate's verdict, as of the last time the window was filtered
}

const (
	e7          = 1e7
	notReported = math.MaxUint16
)

// usable reads a record's fix; false is a fix that says that it is none, or cannot be one: coordinates of exactly zero
// are what receivers without a fix fill in.
func usable(r *argos.Fix) (f fix, ok bool) {
	if !r.Valid || !(math.Abs(r.Lat) <= 90) || !(math.Abs(r.Lon) <= 180) || r.Lat == 0 && r.Lon == 0 ||
		r.Time < 0 || r.Time > maxTime {
		return fix{}, false
	}
	f = fix{
		time: r.Time, lat: int32(math.Round(r.Lat * e7)), lon: int32(math.Round(r.Lon * e7)),
		sigma: float32(sigma(r)), speed: notReported,
	}
	if cm := math.Round(r.Speed * 100); cm >= 0 && cm < notReported {
		f.speed = uint16(cm)
	}
	return f, true
}

// sigma is a fix's standard deviation per axis, m: from the receiver's own accuracy, else from its geometry.
func sigma(r *argos.Fix) float64 {
	s := baseSigma
	if r.Speed >= 0 {
		s = filteredSigma
	}
	switch {
	case r.Accuracy > 0 && r.Accuracy <= argos.MaxAccuracy:
		s = r.Accuracy / radius68
	case r.HDOP > 1 && r.HDOP < meaninglessDOP:
		s *= r.HDOP
	}
	return math.Max(minSigma, math.Min(maxSigma, s))
}

// variance is sigma squared, m².
func (f *fix) variance() float64 { return float64(f.sigma) * float64(f.sigma) }

func (f *fix) degrees() (lat, lon float64) { return float64(f.lat) / e7, float64(f.lon) / e7 }
