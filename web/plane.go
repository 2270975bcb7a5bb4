package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"

	"argos"
)

// metersPerDegree of latitude, on the sphere of the mean Earth radius (IUGG, 6,371,008.8 m).
const metersPerDegree = 6371008.8 * math.Pi / 180

// minExtent is the least that a picture shows, in metres: a parked truck is then a dot and not a map of the noise.
const minExtent = 50

// plane is a local tangent plane: metres east and north of an origin. It serves pictures of up to some 100 km.
type plane struct {
	origin        argos.LatLon
	eastPerDegree float64
}

type meters struct{ east, north float64 }

// newPlane puts the origin at a round place near p, so that the scale of a moving truck's picture keeps its numbers.
func newPlane(p argos.LatLon) plane {
	o := argos.LatLon{Lat: math.Round(p.Lat*100) / 100, Lon: math.Round(p.Lon*100) / 100}
	return plane{o, metersPerDegree * max(math.Cos(p.Lat*math.Pi/180), 1e-6)}
}

func (pl plane) at(p argos.LatLon) meters {
	lon := math.Remainder(p.Lon-pl.origin.Lon, 360) // a trail may cross the antimeridian
	return meters{lon * pl.eastPerDegree, (p.Lat - pl.origin.Lat) * metersPerDegree}
}

func (pl plane) String() string {
	ns, ew := 'N', 'E'
	if pl.origin.Lat < 0 {
		ns = 'S'
	}
	if pl.origin.Lon < 0 {
		ew = 'W'
	}
	return fmt.Sprintf("%.2f° %c, %.2f° %c", math.Abs(pl.origin.Lat), ns, math.Abs(pl.origin.Lon), ew)
}

// frame is the part of the plane that is shown.
type frame struct{ min, max meters }

func (f frame) holds(m meters) bool {
	return m.east >= f.min.east && m.east <= f.max.east && m.north >= f.min.north && m.north <= f.max.north
}

// frameOf puts a margin around what is to be seen, and widens the frame to the given shape (width by height), for a
// metre must be as long one way as the other.
func frameOf(shown []meters, shape float64) frame {
	f := frame{shown[0], shown[0]}
	for _, m := range shown {
		f.min = meters{min(f.min.east, m.east), min(f.min.north, m.north)}
		f.max = meters{max(f.max.east, m.east), max(f.max.north, m.north)}
	}
	const margin = 1.2
	w, h := max(margin*(f.max.east-f.min.east), minExtent), max(margin*(f.max.north-f.min.north), minExtent)
	w, h = max(w, h*shape), max(h, w/shape)
	east, north := (f.min.east+f.max.east)/2, (f.min.north+f.max.north)/2
	return frame{meters{east - w/2, north - h/2}, meters{east + w/2, north + h/2}}
}

// known says whether there is a position, and one that can be drawn.
func known(p argos.LatLon) bool { return math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 360 }

// distances between raw and clean, in metres, ascending.
func distances(points []point) []float64 {
	var d []float64
	for _, p := range points {
		if known(p.raw) && known(p.clean) {
			pl := newPlane(p.clean)
			a, b := pl.at(p.raw), pl.at(p.clean)
			d = append(d, math.Hypot(a.east-b.east, a.north-b.north))
		}
	}
	slices.Sort(d)
	return d
}

// roundStep is the next of 1, 2 and 5 times a power of ten that is at least x.
func roundStep(x float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, k := range []float64{1, 2, 5} {
		if k*p >= x {
			return k * p
		}
	}
	return 10 * p
}

// every puts a tick at each multiple of a number of metres.
type every float64

// Ticks implements plot.Ticker.
func (e every) Ticks(from, to float64) []plot.Tick {
	step := float64(e)
	var ticks []plot.Tick
	for i := math.Ceil(from / step); i*step <= to; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'f', -1, 64)})
	}
	return ticks
}
