package track_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"argos"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

const metre = 1 / 111_194.9 // degrees of latitude

// place is so many metres east and north of 52.0123 degrees north, 5.0123 east.
func place(east, north float64) argos.LatLon {
	lat := 52.0123 + north*metre
	return argos.LatLon{Lat: lat, Lon: 5.0123 + east*metre/math.Cos(52.0123*math.Pi/180)}
}

// report is a live record of a truck at a place, at second t.
func report(t float64, at argos.LatLon) argos.Record {
	f := argos.NewFix("T", 1_772_445_600_000+int64(1000*t), at.Lat, at.Lon)
	return argos.Record{Fix: f, Recv: f.Time}
}

// documents folds the records, and returns what is said after each.
func documents(records []argos.Record) []argos.Truck {
	out := make([]argos.Truck, len(records))
	var t track.Track
	for i := range records {
		t.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&out[i])
	}
	return out
}

// Of a receiver that rounds its places to few decimals the claims hold, and a truck that crawls from one to the next is
// not said to stand.
func TestRoundedPlaces(t *testing.T) {
	for name, parts := range map[string]float64{"4 decimals": 1e4, "3 decimals": 1e3, "minutes, 2 decimals": 6e3} {
		for _, speed := range []float64{2, 10, 25} {
			for _, every := range []float64{1, 10} {
				for _, course := range []bool{false, true} {
					var records []argos.Record
					var at []argos.LatLon
					for i := range 600 {
						d := speed * every * float64(i)
						p := place(0.8*d, 0.6*d)
						at = append(at, p)
						p = argos.LatLon{Lat: math.Round(p.Lat*parts) / parts, Lon: math.Round(p.Lon*parts) / parts}
						r := report(every*float64(i), p)
						if course {
							r.Speed, r.Heading = speed, 53.13
						}
						records = append(records, r)
					}
					var live, smoothed, stopped int
					drive := smooth.Drive(records)
					for i, d := range documents(records) {
						if truth.Distance(at[i], argos.LatLon{Lat: d.Lat, Lon: d.Lon}) <= 2*d.Accuracy {
							live++
						}
						e, _ := drive.Row(i)
						if truth.Distance(at[i], argos.LatLon{Lat: e.Lat, Lon: e.Lon}) <= 2*e.Accuracy {
							smoothed++
						}
						if d.Status == argos.Stopped {
							stopped++
						}
					}
					if live < 450 || smoothed < 450 || stopped > 6 {
						t.Errorf("%s, %v m/s each %v s, course %v: "+
							"of 600 within 2 sigma %d live, %d smoothed; %d said to stand",
							name, speed, every, course, live, smoothed, stopped)
					}
				}
			}
		}
	}
}

// Every second or third fix at one old place, as of a device that sends its cache again and again: the truck is
// followed where the others lead, and is not told to stand at the old place.
func TestOldPlaceAgainAndAgain(t *testing.T) {
	for _, every := range []float64{1, 2, 10, 30} {
		for _, from := range []int{0, 60} {
			for _, behind := range []float64{100, 500} {
				for _, of := range []int{2, 3} {
					for _, course := range []bool{false, true} {
						rng := rand.New(rand.NewPCG(1, 12))
						var records []argos.Record
						for i := range 300 {
							p := place(15*every*float64(i)+2*rng.NormFloat64(), 2*rng.NormFloat64())
							if i >= from && i%of == 1 {
								p = place(15*every*float64(from)-behind, 0)
							}
							r := report(every*float64(i), p)
							if course {
								r.Speed, r.Heading = 15, 90
							}
							records = append(records, r)
						}
						off, beyond, stopped := 0.0, 0, 0
						for i, d := range documents(records) {
							m := truth.Distance(place(15*every*float64(i), 0), argos.LatLon{Lat: d.Lat, Lon: d.Lon})
							if off += m / 300; m > max(15, 3*d.Accuracy) {
								beyond++
							}
							if d.Status == argos.Stopped {
								stopped++
							}
						}
						if off > 50 || beyond > 6 || stopped > 0 {
							t.Errorf("1 of %d, each %v s, from fix %d on, %v m behind, course %v: "+
								"%.0f m off on the mean, %d beyond 3 sigma, %d said to stand",
								of, every, from, behind, course, off, beyond, stopped)
						}
					}
				}
			}
		}
	}
}

// Of bursts that come again and again, and are the lesser part, replay draws none. Those within seconds of the end,
// which nothing follows, it cannot tell.
func TestReplayOfBurstsAgainAndAgain(t *testing.T) {
	for _, every := range []float64{1, 5} {
		for _, c := range []struct{ bad, good int }{{2, 3}, {5, 15}, {10, 10}, {12, 15}, {12, 40}, {20, 30}} {
			for _, course := range []bool{false, true} {
				rng := rand.New(rand.NewPCG(1, 12))
				var records []argos.Record
				for i := range 600 {
					p := place(10*every*float64(i)+2*rng.NormFloat64(), 2*rng.NormFloat64())
					if i >= 60 && (i-60)%(c.bad+c.good) < c.bad {
						p.Lat += 300 * metre
					}
					r := report(every*float64(i), p)
					if course {
						r.Speed, r.Heading = 10, 90
					}
					records = append(records, r)
				}
				wrong := 0
				drive := smooth.Drive(records)
				for i := range records[:600-c.bad-c.good] {
					e, _ := drive.Row(i)
					if truth.Distance(place(10*every*float64(i), 0), argos.LatLon{Lat: e.Lat, Lon: e.Lon}) > 50 {
						wrong++
					}
				}
				if wrong > 0 {
					t.Errorf("%d bad of %d, each %v s, course %v: %d rows are wrong",
						c.bad, c.bad+c.good, every, course, wrong)
				}
			}
		}
	}
}

// Two devices that tell one name are two places: each row is at one of them, whichever, or said to be in doubt, live as
// in replay.
func TestTwoDevicesOfOneName(t *testing.T) {
	for _, turn := range []int{1, 2, 20, 100} {
		for _, every := range []float64{1, 10} {
			rng := rand.New(rand.NewPCG(1, 12))
			var records []argos.Record
			var at [][2]argos.LatLon
			for i := range 600 {
				s := every * float64(i)
				at = append(at, [2]argos.LatLon{place(10*s, 0), place(3000, 2000-8*s)})
				p := at[i][i/turn%2]
				p.Lat += 2 * metre * rng.NormFloat64()
				records = append(records, report(s, p))
			}
			drive := smooth.Drive(records)
			var live, smoothed int
			near := func(i int, p argos.LatLon, sigma float64) bool {
				return min(truth.Distance(at[i][0], p), truth.Distance(at[i][1], p)) <= max(50, 3*sigma)
			}
			for i, d := range documents(records) {
				if !near(i, argos.LatLon{Lat: d.Lat, Lon: d.Lon}, d.Accuracy) {
					live++
				}
				if e, _ := drive.Row(i); !near(i, argos.LatLon{Lat: e.Lat, Lon: e.Lon}, e.Accuracy) {
					smoothed++
				}
			}
			if live > 12 || smoothed > 12 {
				t.Errorf("in turns of %d, each %v s: of 600 %d live, %d smoothed are at neither",
					turn, every, live, smoothed)
			}
		}
	}
}
