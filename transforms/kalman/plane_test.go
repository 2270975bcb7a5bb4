package kalman

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPlaneRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat0 := rapid.Float64Range(-89.9, 89.9).Draw(t, "lat0")
		lon0 := rapid.Float64Range(-180, 180).Draw(t, "lon0")
		p := NewPlane(lat0, lon0)
		m := [2]float64{
			rapid.Float64Range(-p.Reach(), p.Reach()).Draw(t, "E"),
			rapid.Float64Range(-p.Reach(), p.Reach()).Draw(t, "N"),
		}
		lat, lon := p.Degrees(m)
		if !(lat >= -90 && lat <= 90 && lon >= -180 && lon < 180) {
			t.Fatalf("%v is at %v, %v", m, lat, lon)
		}
		back := p.Metres(lat, lon)
		if math.Hypot(back[0]-m[0], back[1]-m[1]) > 1e-6 {
			t.Fatalf("%v came back as %v", m, back)
		}
	})
}

func TestPlaneStaysOnEarth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPlane(rapid.Float64Range(-90, 90).Draw(t, "lat0"), rapid.Float64Range(-180, 180).Draw(t, "lon0"))
		far := rapid.Float64Range(-1e9, 1e9)
		lat, lon := p.Degrees([2]float64{far.Draw(t, "E"), far.Draw(t, "N")})
		if !(lat >= -90 && lat <= 90 && lon >= -180 && lon < 180) {
			t.Fatalf("%v, %v", lat, lon)
		}
	})
}

// Lengths of a degree on WGS 84, m: 111,320 along the equator, 110,574 at the equator northwards, and so on.
func TestPlaneDegreeLengths(t *testing.T) {
	for _, c := range []struct{ lat, mLat, mLon float64 }{
		{0, 110574.3, 111319.5}, {45, 111131.8, 78846.8}, {60, 111412.2, 55800.0}, {89.9, 111693.9, 194.9},
	} {
		p := NewPlane(c.lat, 10)
		if math.Abs(p.mLat-c.mLat) > 0.1 || math.Abs(p.mLon-c.mLon) > 0.1 {
			t.Errorf("at %v: %.1f and %.1f m a degree, want %.1f and %.1f", c.lat, p.mLat, p.mLon, c.mLat, c.mLon)
		}
	}
}

func TestPlaneAcrossAntimeridian(t *testing.T) {
	for _, lat := range []float64{0, -17, 89.9} {
		east, west := NewPlane(lat, 179.9999), NewPlane(lat, -179.9999)
		a, b := east.Metres(lat, -179.9999), west.Metres(lat, 179.9999)
		want := 0.0002 * east.mLon
		if math.Abs(a[0]-want) > 1e-6 || math.Abs(b[0]+want) > 1e-6 || a[1] != 0 || b[1] != 0 {
			t.Errorf("lat %v: %v and %v, want %v m apart", lat, a, b, want)
		}
	}
}

func TestPlaneReachKeepsScale(t *testing.T) {
	for lat := -89.9; lat <= 89.9; lat += 0.1 {
		p := NewPlane(lat, 0)
		for _, n := range []float64{-p.Reach(), p.Reach()} {
			there, _ := p.Degrees([2]float64{0, n})
			q := NewPlane(there, 0)
			if r := q.mLon / p.mLon; math.Abs(r-1) > 0.021 {
				t.Fatalf("at %v a metre east %v m north is off by %v", lat, n, r)
			}
		}
	}
}
