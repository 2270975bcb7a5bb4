package track_test

import (
	"fmt"
	"testing"
	"time"

	"argos"
	"argos/sim"
	"argos/truth"
)

// A truck that stands is told so within 15 s of positions alone, or two of its reports, however they scatter; one that
// has been moving for ten seconds, or two reports, is not; and the document keeps its place.
func TestStandstillByPositionsAlone(t *testing.T) {
	for _, every := range []float64{1, 5, 30, 60, 300} {
		for _, white := range []float64{0.3, 3} {
			var stands, told, moves, wrong, path, minutes float64
			for seed := range uint64(4) {
				for _, kind := range []sim.DriveKind{sim.Standing, sim.City} {
					r := sim.Scenario{
						Seed: seed, Drive: kind, Duration: time.Duration(max(3600, 200*every)) * time.Second,
						Receiver: sim.Receiver{White: white}, Reporting: sim.Reporting{Every: every},
					}.Record()
					as := answers(r, false)
					stood, settled := int64(0), max(15, 2.5*every)
					for i, a := range as {
						stopped := a.doc.Status == argos.Stopped
						if r.Speed[i] < 2 {
							stood = r.Taken[i]
						}
						switch {
						case r.Stood[i] > settled:
							stands++
							if stopped {
								told++
							}
							if b := as[max(0, i-1)].doc; kind == sim.Standing && r.Stood[max(0, i-1)] > settled {
								path += truth.Distance(
									argos.LatLon{Lat: a.doc.Lat, Lon: a.doc.Lon},
									argos.LatLon{Lat: b.Lat, Lon: b.Lon},
								)
								minutes += float64(r.Taken[i]-r.Taken[i-1]) / 60_000
							}
						case float64(r.Taken[i]-stood) > 1000*max(10, 2*every):
							moves++
							if stopped {
								wrong++
							}
						}
					}
				}
			}
			line := fmt.Sprintf(
				"each %v s, noise %v m: %.1f %% of %.0f that stand told, creep %.1f m/min; "+
					"%.2f %% of %.0f that move told stopped",
				every,
				white,
				100*told/stands,
				stands,
				path/minutes,
				100*wrong/moves,
				moves,
			)
			t.Log(line)
			if told < 0.85*stands || wrong > 0.01*moves || path > 20*minutes {
				t.Error(line)
			}
		}
	}
}
