// Package baselines holds the filters that are usual elsewhere, to compare with. Each takes fixes in the order of
// strictly rising time, and answers where the truck is at each.
package baselines

import (
	"math"

	"argos"
	"argos/transforms/kalman"
	"argos/truth"
)

// alpha is the weight of the newest fix in Exponential.
const alpha = 0.5

// Exponential is exponential smoothing of latitude and longitude.
func Exponential(fixes []argos.Fix) []argos.LatLon {
	out := make([]argos.LatLon, len(fixes))
	for i := range fixes {
		at := argos.LatLon{Lat: fixes[i].Lat, Lon: fixes[i].Lon}
		if i > 0 {
			last := out[i-1]
			at.Lat = last.Lat + alpha*(at.Lat-last.Lat)
			at.Lon = math.Remainder(last.Lon+alpha*math.Remainder(at.Lon-last.Lon, 360), 360)
		}
		out[i] = at
	}
	return out
}

// maxSpeed is the speed (m/s) above which MaxSpeed does not believe a fix: 180 km/h, as is usual on servers for trucks.
const maxSpeed = 50

// MaxSpeed is the one threshold that tracking servers have in common, filter.maxSpeed and filter.zero of Traccar: a fix
// that would need a higher speed since the last one that was believed, or that is at 0, 0, is left out.
func MaxSpeed(fixes []argos.Fix) []argos.LatLon {
	out := make([]argos.LatLon, len(fixes))
	last := -1
	for i := range fixes {
		f := &fixes[i]
		at := argos.LatLon{Lat: f.Lat, Lon: f.Lon}
		believed := !(f.Lat == 0 && f.Lon == 0)
		if believed && last >= 0 {
			believed = truth.Distance(out[i-1], at) <= maxSpeed*float64(f.Time-fixes[last].Time)/1000
		}
		if !believed && i > 0 {
			at = out[i-1]
		}
		if believed {
			last = i
		}
		out[i] = at
	}
	return out
}

// plane is one for a whole drive, with the fixes on it.
func plane(fixes []argos.Fix) (kalman.Plane, [][2]float64) {
	if len(fixes) == 0 {
		return kalman.Plane{}, nil
	}
	p := kalman.NewPlane(fixes[0].Lat, fixes[0].Lon)
	at := make([][2]float64, len(fixes))
	for i := range fixes {
		at[i] = p.Metres(fixes[i].Lat, fixes[i].Lon)
	}
	return p, at
}

func degrees(p *kalman.Plane, at [2]float64) argos.LatLon {
	lat, lon := p.Degrees(at)
	return argos.LatLon{Lat: lat, Lon: lon}
}
