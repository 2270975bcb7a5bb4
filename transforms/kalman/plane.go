package kalman

import "math"

// WGS 84 (NIMA TR8350.2): semi-major axis in metres and first eccentricity squared.
const (
	semiMajor     = 6378137.0
	eccentricity2 = 6.69437999014e-3
)

const (
	// polar is the latitude whose parallel serves all beyond it: there a metre east has no fixed number of degrees.
	polar = 89.999
	// reachFar bounds how far from the origin the plane is used, m: the scale of a metre east is off by 0.4 % there at
	// latitude 50.
	reachFar = 20_000
	// reachAxis is the same bound near the poles, as a share of the distance to the earth's axis: the scale is off by
	// at most 2 %.
	reachAxis = 0.02
)

// Plane maps degrees to metres east and north of an origin and back, with the earth's radii of curvature at the origin
// (Bowring's meridional M and prime vertical N; e.g. Torge, Geodesy, section 4.1.3). Both ways are linear, so a
// position comes back as it was from any distance; only lengths are approximate, within Reach to 2 % or better.
type Plane struct {
	lat, lon float64 // origin, degrees
	mLat     float64 // metres a degree of latitude
	mLon     float64 // metres a degree of longitude
	reach    float64
}

// NewPlane touches the earth at lat, lon (degrees).
func NewPlane(lat, lon float64) Plane {
	at := math.Max(-polar, math.Min(polar, lat)) * math.Pi / 180
	sin, cos := math.Sincos(at)
	w2 := 1 - eccentricity2*sin*sin
	n := semiMajor / math.Sqrt(w2)
	m := n * (1 - eccentricity2) / w2
	axis := n * cos
	return Plane{
		lat:   lat,
		lon:   lon,
		mLat:  m * math.Pi / 180,
		mLon:  axis * math.Pi / 180,
		reach: math.Min(reachFar, axis*reachAxis),
	}
}

// Metres maps degrees to metres east and north of the origin, the short way around the earth.
func (p *Plane) Metres(lat, lon float64) [2]float64 {
	return [2]float64{wrap(lon-p.lon) * p.mLon, (lat - p.lat) * p.mLat}
}

// Degrees maps metres east and north to a latitude in [-90, 90] and a longitude in [-180, 180), over a pole if need be.
func (p *Plane) Degrees(m [2]float64) (lat, lon float64) {
	lat, lon = wrap(p.lat+m[1]/p.mLat), p.lon+m[0]/p.mLon
	switch {
	case lat > 90:
		lat, lon = 180-lat, lon+180
	case lat < -90:
		lat, lon = -180-lat, lon+180
	}
	return lat, wrap(lon)
}

// Reach is how far from the origin (m) a vehicle may go before it needs a plane of its own place.
func (p *Plane) Reach() float64 { return p.reach }

// wrap brings an angle into [-180, 180) degrees.
func wrap(deg float64) float64 {
	if deg >= -180 && deg < 180 {
		return deg
	}
	deg = math.Mod(deg+180, 360)
	if deg < 0 {
		deg += 360
	}
	if deg -= 180; deg >= 180 { // the addition above rounded up to a whole turn
		return -180
	}
	return deg
}
