package sim

import (
	"math"

	"argos"
	"argos/truth"
)

// vec is a place or a direction in a plane, metres east and north.
type vec struct{ x, y float64 }

func (a vec) add(b vec) vec        { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec        { return vec{a.x - b.x, a.y - b.y} }
func (a vec) scaled(f float64) vec { return vec{a.x * f, a.y * f} }
func (a vec) length() float64      { return math.Sqrt(a.x*a.x + a.y*a.y) }
func (a vec) left() vec            { return vec{-a.y, a.x} }
func (a vec) rotated(rad float64) vec {
	s, c := math.Sincos(rad)
	return vec{a.x*c - a.y*s, a.x*s + a.y*c}
}

// plane touches the ellipsoid of WGS 84 (NIMA TR8350.2) at its origin. It is true to 0.2 % within 10 km.
type plane struct {
	origin      argos.LatLon
	north, east float64 // m per degree
}

func planeAt(origin argos.LatLon) plane {
	const a, e2 = 6378137.0, 6.69437999014e-3
	s, c := math.Sincos(origin.Lat * math.Pi / 180)
	w := 1 - e2*s*s
	return plane{origin, a * (1 - e2) / (w * math.Sqrt(w)) * math.Pi / 180, a / math.Sqrt(w) * c * math.Pi / 180}
}

func (p *plane) latLon(a vec) argos.LatLon {
	return argos.LatLon{Lat: p.origin.Lat + a.y/p.north, Lon: truth.WrapLon(p.origin.Lon + a.x/p.east)}
}

// Centre is the middle of the city: Rotterdam.
var Centre = argos.LatLon{Lat: 51.9244, Lon: 4.4777}

// cityPlane is the one that all trucks of all fleets drive on.
var cityPlane = planeAt(Centre)
