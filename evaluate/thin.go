package evaluate

import (
	"math"
	"time"

	"argos"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

// Between is what was measured between the fixes of a drive that is thinned: of all fixes but the first in each so many
// seconds the methods see nothing, and there they are asked.
type Between struct {
	Every   Number         `json:"every_s"`
	Methods []BetweenStats `json:"methods"`
	Kept    []Score        `json:"kept"` // at the fixes that they do see
}

// BetweenStats are the errors of one method, in metres. A replay knows the fix after, too.
type BetweenStats struct {
	Method string `json:"method"`
	Replay bool   `json:"replay"`
	Stats
}

// guess is a method: where the truck is at a time between two fixes that were kept, numbers i and i+1.
type guess struct {
	name   string
	replay bool
	at     func(i int, ms int64) argos.LatLon
}

// between measures a drive that is thinned. Only records to which nothing was done are kept.
func (d *Drive) between(every time.Duration, methods []Method) Between {
	out := Between{Every: Number(every.Seconds())}
	rows := d.Counted()
	var kept []argos.Record
	for _, c := range rows {
		r := d.Records[c.I]
		if c.Fault == Ok && (len(kept) == 0 || r.Time-kept[len(kept)-1].Time >= every.Milliseconds()) {
			kept = append(kept, r)
		}
	}
	thinned := Drive{Set: d.Set, Name: d.Name, Mode: d.Mode, Records: kept, Truth: d.Truth}
	out.Kept = thinned.scores(methods)
	for _, g := range guesses(kept) {
		var e truth.Errors
		i := 0
		for _, c := range rows {
			ms := d.Records[c.I].Time
			for i+1 < len(kept) && kept[i+1].Time <= ms {
				i++
			}
			// What comes after the last, and long silences such as tunnels, are no question of thinning.
			if i+1 >= len(kept) || kept[i].Time >= ms || kept[i+1].Time-kept[i].Time > 2*every.Milliseconds() {
				continue
			}
			if p := g.at(i, ms); !math.IsNaN(p.Lat) {
				e.Add(truth.Distance(p, c.At))
			}
		}
		out.Methods = append(out.Methods, BetweenStats{g.name, g.replay, statsOf(&e)})
	}
	return out
}

func guesses(kept []argos.Record) []guess {
	docs := make([]argos.Truck, len(kept))
	var t track.Track
	for i := range kept {
		t.Fold(&kept[i], argos.Pos{Next: int64(i) + 1})
		t.Fill(&docs[i])
	}
	drive := smooth.Drive(kept)
	place := func(i int) argos.LatLon { return argos.LatLon{Lat: kept[i].Lat, Lon: kept[i].Lon} }
	// velocity is the reported one, or from the fix before.
	velocity := func(i int) [2]float64 {
		r := &kept[i]
		switch {
		case !math.IsNaN(r.Speed) && !math.IsNaN(r.Heading):
			return vector(r.Speed, r.Heading)
		case i == 0:
			return [2]float64{}
		}
		way, dt := metres(place(i-1), place(i)), float64(r.Time-kept[i-1].Time)/1000
		return [2]float64{way[0] / dt, way[1] / dt}
	}
	return []guess{
		{"hold the last fix", false, func(i int, _ int64) argos.LatLon { return place(i) }},
		{"dead reckoning", false, func(i int, ms int64) argos.LatLon {
			v, dt := velocity(i), float64(ms-kept[i].Time)/1000
			return from(place(i), v[0]*dt, v[1]*dt)
		}},
		{"live, held", false, func(i int, _ int64) argos.LatLon {
			return argos.LatLon{Lat: docs[i].Lat, Lon: docs[i].Lon}
		}},
		{"live, driven on", false, func(i int, ms int64) argos.LatLon {
			doc := &docs[i]
			at := argos.LatLon{Lat: doc.Lat, Lon: doc.Lon}
			if math.IsNaN(doc.Speed) || math.IsNaN(doc.Heading) {
				return at
			}
			v, dt := vector(doc.Speed, doc.Heading), float64(ms-doc.Time)/1000
			return from(at, v[0]*dt, v[1]*dt)
		}},
		{"linear", true, func(i int, ms int64) argos.LatLon {
			u := float64(ms-kept[i].Time) / float64(kept[i+1].Time-kept[i].Time)
			way := metres(place(i), place(i+1))
			return from(place(i), way[0]*u, way[1]*u)
		}},
		{"cubic Hermite", true, func(i int, ms int64) argos.LatLon {
			dt := float64(kept[i+1].Time-kept[i].Time) / 1000
			u := float64(ms-kept[i].Time) / 1000 / dt
			way, v0, v1 := metres(place(i), place(i+1)), velocity(i), velocity(i+1)
			var at [2]float64
			for k := range at {
				at[k] = u*u*(3-2*u)*way[k] + dt*u*(1-u)*((1-u)*v0[k]-u*v1[k])
			}
			return from(place(i), at[0], at[1])
		}},
		{"smoothed", true, func(_ int, ms int64) argos.LatLon {
			e, ok := drive.At(ms)
			if !ok {
				return nowhere.LatLon
			}
			return argos.LatLon{Lat: e.Lat, Lon: e.Lon}
		}},
	}
}

// vector is a velocity, east and north.
func vector(speed, heading float64) [2]float64 {
	sin, cos := math.Sincos(heading * math.Pi / 180)
	return [2]float64{speed * sin, speed * cos}
}

func meanBetween(all []Between) Between {
	out := Between{Every: all[0].Every}
	for i, m := range all[0].Methods {
		stats := meanStats(each(all, func(b Between) Stats { return b.Methods[i].Stats }))
		out.Methods = append(out.Methods, BetweenStats{m.Method, m.Replay, stats})
	}
	for i := range all[0].Kept {
		out.Kept = append(out.Kept, meanScore(each(all, func(b Between) Score { return b.Kept[i] })))
	}
	return out
}
