package mongoio

import (
	"testing"

	"github.com/golang/geo/s2"
	"pgregory.net/rapid"

	"argos"
)

// The polygon that the index is asked for leaves no point of its box outside, on the sphere of S2, by which MongoDB has
// its 2dsphere indexes.
func TestAround(t *testing.T) {
	asked := 0
	rapid.Check(t, func(rt *rapid.T) {
		lat, lon := rapid.Float64Range(-90, 90), rapid.Float64Range(-180, 180)
		size := rapid.OneOf(rapid.Float64Range(0, 50), rapid.SampledFrom([]float64{0, 1e-9, 1e-5, .01, 1, widest}))
		b := argos.Box{West: lon.Draw(rt, "west"), South: lat.Draw(rt, "south")}
		b.East, b.North = b.West+size.Draw(rt, "width"), min(b.South+size.Draw(rt, "height"), 90)
		if b.East > 180 {
			b.East -= 360
		}
		ring := around(b)
		if ring == nil {
			return
		}
		asked++
		points := make([]s2.Point, 0, 4)
		for _, p := range ring[:4] {
			if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
				rt.Fatalf("%v is no [lon, lat]", p)
			}
			points = append(points, s2.PointFromLatLng(s2.LatLngFromDegrees(p[1], p[0])))
		}
		loop := s2.LoopFromPoints(points)
		if err := loop.Validate(); err != nil {
			rt.Fatalf("ring %v: %v", ring, err)
		}
		share := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, .5, 1}))
		for range 20 {
			width := b.East - b.West
			if width < 0 {
				width += 360
			}
			at := argos.LatLon{
				Lat: b.South + share.Draw(rt, "up")*(b.North-b.South),
				Lon: b.West + share.Draw(rt, "along")*width,
			}
			at.Lat = min(at.Lat, b.North)
			if !loop.ContainsPoint(s2.PointFromLatLng(s2.LatLngFromDegrees(at.Lat, at.Lon))) {
				rt.Fatalf("%+v of box %+v lies outside of %v", at, b, ring)
			}
		}
		if area := loop.Area(); area > 1 { // of 4π: the ring goes around the box and not around the rest of the earth
			rt.Fatalf("ring %v has an area of %v", ring, area)
		}
	})
	if asked == 0 {
		t.Error("no box was asked of the index")
	}
}
