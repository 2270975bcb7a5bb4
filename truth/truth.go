// Package truth measures positions against where the truck really was: a track of known positions, the distance between
// two positions, and the errors of raw and cleaned fixes.
package truth

import (
	"cmp"
	"math"
	"slices"

	"argos"
)

// MaxGap is the longest time, in ms, between two rows of a track that is still interpolated across: one missed second of
// a 1 Hz reference, and a margin for its jitter.
const MaxGap = 1600

// Row is one known position.
type Row struct {
	TMs int64 // ms since the Unix epoch
	Pos argos.LatLon
}

// Track is a truck's known positions, by strictly rising time. New makes one from rows in any order.
type Track []Row

// New sorts the rows into a track, in place. Of rows with the same time the first stays.
func New(rows []Row) Track {
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.TMs, b.TMs) })
	return slices.CompactFunc(rows, func(a, b Row) bool { return a.TMs == b.TMs })
}

// At returns the position at a time: a row's own, or one on the straight line between the rows on both sides when they
// are at most MaxGap apart. It is false where the track does not know.
func (t Track) At(tMs int64) (argos.LatLon, bool) {
	i, found := t.search(tMs)
	if found {
		return t[i].Pos, true
	}
	if i == 0 || i == len(t) || t[i].TMs-t[i-1].TMs > MaxGap {
		return argos.LatLon{}, false
	}
	a, b := t[i-1], t[i]
	w := float64(tMs-a.TMs) / float64(b.TMs-a.TMs)
	return argos.LatLon{
		Lat: a.Pos.Lat + w*(b.Pos.Lat-a.Pos.Lat),
		Lon: WrapLon(a.Pos.Lon + w*WrapLon(b.Pos.Lon-a.Pos.Lon)),
	}, true
}

// Settled is At for a reference that may lose its solution: a row after a gap is not yet known by itself, for where a receiver has
// just found its solution again it is least certain. In a track that is sparse throughout, each row is known.
func (t Track) Settled() func(tMs int64) (argos.LatLon, bool) {
	var steps []int64
	for i := 1; i < len(t); i++ {
		steps = append(steps, t[i].TMs-t[i-1].TMs)
	}
	slices.Sort(steps)
	if len(steps) == 0 || steps[len(steps)/2] > MaxGap {
		return t.At
	}
	return func(tMs int64) (argos.LatLon, bool) {
		i, found := t.search(tMs)
		if found && (i == 0 || t[i].TMs-t[i-1].TMs > MaxGap) {
			return argos.LatLon{}, false
		}
		return t.At(tMs)
	}
}

// search finds the first row not before a time, and says whether it is of that time.
func (t Track) search(tMs int64) (int, bool) {
	return slices.BinarySearchFunc(t, tMs, func(r Row, tMs int64) int { return cmp.Compare(r.TMs, tMs) })
}

// WrapLon brings a longitude, or a difference of two, into -180 to 180 degrees.
func WrapLon(lon float64) float64 {
	switch {
	case lon > 180:
		return lon - 360
	case lon < -180:
		return lon + 360
	}
	return lon
}

// WGS 84: semi-major axis in metres, first eccentricity squared (NIMA TR8350.2).
const (
	axis = 6378137.0
	ecc2 = 6.69437999014e-3
)

// Distance is the horizontal distance in metres: the chord between two points of the WGS 84 ellipsoid, bent into the arc
// that it spans at the earth's centre. Below 10 km it is good to a millimetre, at any length to 0.6 %; poles and
// antimeridian are places like all others.
func Distance(a, b argos.LatLon) float64 {
	ax, ay, az := geocentric(a)
	bx, by, bz := geocentric(b)
	chord := math.Hypot(math.Hypot(ax-bx, ay-by), az-bz)
	if chord == 0 {
		return 0
	}
	cross := math.Hypot(math.Hypot(ay*bz-az*by, az*bx-ax*bz), ax*by-ay*bx)
	half := math.Atan2(cross, ax*bx+ay*by+az*bz) / 2
	if half < 1e-6 { // 12 m: the arc is the chord to within 1e-11 m
		return chord
	}
	return chord * half / math.Sin(half)
}

// geocentric returns the Cartesian earth-centred coordinates, in metres, of a point on the ellipsoid.
func geocentric(p argos.LatLon) (x, y, z float64) {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p.Lon * math.Pi / 180)
	n := axis / math.Sqrt(1-ecc2*sinLat*sinLat) // radius of curvature in the prime vertical
	return n * cosLat * cosLon, n * cosLat * sinLon, n * (1 - ecc2) * sinLat
}
