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
	sigma    uint16  // dm per axis, nominal
	motion           // as reported
	used     bool    // the gate's verdict, as of the last time the window was filtered
	verdict  verdict // the same for people; not packed
}

// motion is a reported velocity.
type motion struct {
	speed  uint16 // cm/s, or notReported
	course uint16 // 1/100 degree clockwise from north, or notReported
}

const (
	e7          = 1e7
	notReported = math.MaxUint16
	degree      = 111_195 // m, of latitude
)

// usable reads a record's fix; false is a fix that says that it is none, or cannot be one: coordinates of exactly
// zero, or of a pole, are what receivers without a fix fill in.
func usable(r *argos.Fix) (f fix, ok bool) {
	if !r.Valid || !(math.Abs(r.Lat) < 90) || !(math.Abs(r.Lon) <= 180) || r.Lat == 0 && r.Lon == 0 ||
		r.Time < 0 || r.Time > maxTime {
		return fix{}, false
	}
	f = fix{
		time: r.Time, lat: int32(math.RoundToEven(r.Lat * e7)), lon: int32(math.RoundToEven(r.Lon * e7)),
		sigma: uint16(math.RoundToEven(10 * sigma(r))), motion: motion{notReported, notReported},
	}
	if cm := math.RoundToEven(r.Speed * 100); cm >= 0 && cm < notReported {
		f.speed = uint16(cm)
		if r.Heading >= 0 && r.Heading <= 360 {
			f.course = uint16(math.RoundToEven(r.Heading * 100))
		}
	}
	return f, true
}

// radius68 is the radius with 68 % of the places, which is what receivers call accuracy, in sigmas per axis.
var radius68 = math.Sqrt(-2 * math.Log(1-0.68))

// sigma is a fix's nominal standard deviation per axis, m: from the receiver's own accuracy, else from its geometry.
// What the receiver's errors are in truth, in shares of it, is learned.
func sigma(r *argos.Fix) float64 {
	s := usual.Sigma
	switch {
	case r.Accuracy > 0 && r.Accuracy <= argos.MaxAccuracy:
		s = r.Accuracy / radius68
	case r.HDOP > 0 && r.HDOP < mostDOP:
		s *= max(0.25, r.HDOP)
	}
	return max(minSigma, min(maxSigma, max(s, grid(r.Lat, r.Lon)/math.Sqrt(12))))
}

// grid is how far apart (m) the places are that a receiver tells which rounds coordinates to three or four decimals of
// a degree, or two of a minute; 0 of others. Finer grids do not matter, and coarser ones come about by chance in these.
func grid(lat, lon float64) float64 {
	for _, parts := range [...]float64{1e3, 6e3, 1e4} {
		if on(lat, parts) && on(lon, parts) {
			return degree / parts
		}
	}
	return 0
}

// on says whether an angle (degrees) is a whole number of such parts of a degree, as far as text tells.
func on(angle, parts float64) bool {
	x := angle * parts
	return math.Abs(x-math.RoundToEven(x)) < parts/e7
}

// variance is the nominal sigma squared, m².
func (f *fix) variance() float64 { return float64(f.sigma) * float64(f.sigma) / 100 }

func (f *fix) degrees() (lat, lon float64) { return float64(f.lat) / e7, float64(f.lon) / e7 }

// mark stands for a place: by chance one of 4e9 others has the same.
func mark(lat, lon int32) uint32 { return uint32(lat)*0x9e3779b1 + uint32(lon) }

// metres a second that were reported.
func (m motion) metres() float64 { return float64(m.speed) / 100 }

// stands says that the receiver reports no motion.
func (m motion) stands() bool { return m.speed != notReported && m.metres() < standingSpeed }

// velocity is the vector that was reported, m/s east and north; false when it was not.
func (m motion) velocity() (v [2]float64, ok bool) {
	switch {
	case m.stands():
		return v, true
	case m.speed == notReported || m.course == notReported:
		return v, false
	}
	sin, cos := math.Sincos(float64(m.course) / 100 * math.Pi / 180)
	return [2]float64{m.metres() * sin, m.metres() * cos}, true
}

// tellsVelocity says that a velocity was reported.
func (m motion) tellsVelocity() bool {
	return m.stands() || m.speed != notReported && m.course != notReported
}
