package baselines

import (
	"argos"
	"argos/truth"
)

// The thresholds that Traccar is given here. Traccar has none of its own for trucks: without a configuration it leaves
// nothing out but times in the future.
const (
	traccarAccuracy  = 100 // m, filter.accuracy: a fix that claims more
	traccarMaxSpeed  = 50  // m/s, filter.maxSpeed, which is in knots (97): a fix that needs or reports more
	traccarDistance  = 10  // m, filter.distance: one nearer to the last one kept than this
	traccarSkipLimit = 300 // s, filter.skipLimit: after so long filter.distance lets anything pass
)

// Traccar is the threshold filters of the tracking server of that name, as its configuration describes them
// (https://www.traccar.org/configuration-file/): filter.zero, filter.accuracy, filter.distance with filter.skipLimit,
// and filter.maxSpeed. Each compares with the last fix that was kept; one that is left out is answered by that one.
// What is invalid, or a duplicate of a time (filter.invalid, filter.duplicate), is not shown to any baseline.
func Traccar(fixes []argos.Fix) []argos.LatLon {
	out := make([]argos.LatLon, len(fixes))
	last := -1
	for i := range fixes {
		f := &fixes[i]
		at := argos.LatLon{Lat: f.Lat, Lon: f.Lon}
		kept := !(f.Lat == 0 && f.Lon == 0) && !(f.Accuracy > traccarAccuracy)
		if kept && last >= 0 {
			way, dt := truth.Distance(out[i-1], at), float64(f.Time-fixes[last].Time)/1000
			kept = way <= traccarMaxSpeed*dt && !(f.Speed > traccarMaxSpeed) &&
				(way >= traccarDistance || dt > traccarSkipLimit)
		}
		switch {
		case kept:
			last = i
		case i > 0:
			at = out[i-1]
		}
		out[i] = at
	}
	return out
}
