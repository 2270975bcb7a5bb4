package evaluate

import (
	"math"
	"slices"

	"argos"
	"argos/evaluate/baselines"
	"argos/transforms/smooth"
	"argos/transforms/track"
)

// Method makes an answer a record.
type Method struct {
	Name  string
	Run   func([]argos.Record) []Answer
	Tells bool // its answers have a status
}

// Ours are the raw fixes and what Argos makes of them.
var Ours = []Method{{"raw", raw, false}, {"live", live, true}, {"smoothed", smoothed, true}}

// Baselines are what others would make of them.
var Baselines = []Method{
	plain("exponential 0.5", baselines.Exponential),
	plain("CV", baselines.ConstantVelocity),
	plain("CV + RTS", baselines.ConstantVelocitySmoothed),
	plain("max speed", baselines.MaxSpeed),
	plain("Traccar", baselines.Traccar),
	plain("rosshemsley", baselines.Rosshemsley),
	plain("rosshemsley RTS", baselines.RosshemsleySmoothed),
}

func raw(records []argos.Record) []Answer {
	out := make([]Answer, len(records))
	for i := range records {
		out[i] = Answer{LatLon: argos.LatLon{Lat: records[i].Lat, Lon: records[i].Lon}, Sigma: math.NaN()}
	}
	return out
}

func live(records []argos.Record) []Answer {
	out := make([]Answer, len(records))
	var t track.Track
	var doc argos.Truck
	for i := range records {
		t.Fold(&records[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&doc)
		out[i] = Answer{argos.LatLon{Lat: doc.Lat, Lon: doc.Lon}, doc.Accuracy, doc.Status}
	}
	return out
}

func smoothed(records []argos.Record) []Answer {
	out := make([]Answer, len(records))
	s := smooth.Drive(records)
	for i := range records {
		out[i] = nowhere
		if e, ok := s.Row(i); ok {
			out[i] = Answer{argos.LatLon{Lat: e.Lat, Lon: e.Lon}, e.Accuracy, e.Status}
		}
	}
	return out
}

// plain lets a baseline see what it can make something of, and holds its last answer for the rest. A baseline knows
// nothing of clocks: times that go back, and those far from their neighbours', are kept from it.
func plain(name string, run func([]argos.Fix) []argos.LatLon) Method {
	return Method{Name: name, Run: func(records []argos.Record) []Answer {
		var shown []argos.Fix
		index := make([]int, len(records)) // of the newest one shown
		for i := range records {
			f := &records[i].Fix
			if f.Valid && clockAgrees(records, i) && (len(shown) == 0 || f.Time > shown[len(shown)-1].Time) {
				shown = append(shown, *f)
			}
			index[i] = len(shown) - 1
		}
		at := run(shown)
		out := make([]Answer, len(records))
		for i, k := range index {
			out[i] = nowhere
			if k >= 0 {
				out[i] = Answer{LatLon: at[k], Sigma: math.NaN()}
			}
		}
		return out
	}}
}

// clockAgrees says whether a record's time is within ten minutes of the median of its neighbours'.
func clockAgrees(records []argos.Record, i int) bool {
	const reach, most = 3, 600_000
	near := each(records[max(0, i-reach):min(len(records), i+reach+1)], func(r argos.Record) int64 { return r.Time })
	slices.Sort(near)
	off := records[i].Time - near[len(near)/2]
	return max(off, -off) <= most
}
