// Package smooth estimates where a truck was from a recorded drive as a whole: each place is judged by the fixes
// before it and by those after it, which a live filter does not have.
package smooth

import (
	"math"
	"sort"

	"argos"
	"argos/transforms/kalman"
	"argos/transforms/track"
)

// Estimate is where the truck was at a time. What is not known is NaN.
type Estimate struct {
	Time     int64   // ms, that of the question
	Lat, Lon float64 // WGS 84 degrees
	Speed    float64 // m/s
	Heading  float64 // degrees clockwise from north, the direction of motion; NaN at a standstill
	Accuracy float64 // m, per-axis 1 sigma of Lat, Lon
	Status   argos.Status
}

// Smoothed is a drive as a whole.
type Smoothed struct {
	rows  []Estimate // one a record; Time is the record's, Lat NaN before the first position
	knots []knot     // in time order
}

// knot is the smoothed filter at a fix's time.
type knot struct {
	track.Step
	state kalman.Filter
	run   int // number of the stretch that it belongs to
	fixes int // used in that stretch
}

const (
	settled  = 3    // fixes of a stretch that is believed; shorter ones beside it were false starts
	beyond   = 5000 // ms that a stretch is drawn on before its first fix, over false starts
	sparse   = 2.5  // s between two fixes beyond which a reported velocity tells more than what lies around it
	standing = 0.3  // m/s: the speed below which a truck is called stopped
	walking  = 1.0  // m/s: the same of one that the filter said stands
)

// Drive smooths the records of one truck, in the order of their arrival: what the live filter would fold.
func Drive(records []argos.Record) *Smoothed { return DriveBy(track.Usual(), records) }

// DriveBy is Drive by another recipe, for comparison.
func DriveBy(recipe track.Recipe, records []argos.Record) *Smoothed {
	pass := recipe.Pass(records)
	s := &Smoothed{rows: make([]Estimate, len(records))}
	s.stretch(pass.Steps)
	s.back()
	for i := range records {
		e, ok := s.At(records[i].Time)
		if !ok {
			e, ok = s.before(records[i].Time)
		}
		if d := &pass.Causal[i]; !ok || pass.Apart[i] {
			e = Estimate{records[i].Time, d.Lat, d.Lon, d.Speed, d.Heading, d.Accuracy, d.Status}
		} else if math.IsNaN(d.Lat) && !records[i].Valid {
			e = Estimate{Time: records[i].Time, Lat: math.NaN()}
		}
		s.rows[i] = e
	}
	return s
}

// stretch numbers the continuous stretches, and leaves out those too short to be believed next to a longer one.
func (s *Smoothed) stretch(steps []track.Step) {
	run, used := -1, map[int]int{}
	for i := range steps {
		if steps[i].Start {
			run++
		}
		if steps[i].Used {
			used[run]++
		}
		s.knots = append(s.knots, knot{Step: steps[i], state: steps[i].Filtered, run: run})
	}
	kept := s.knots[:0]
	for i, k := range s.knots {
		if used[k.run] < settled && s.falseStart(i, used) {
			continue
		}
		k.fixes = used[k.run]
		kept = append(kept, k)
	}
	s.knots = kept
}

// falseStart says whether the stretch of knot i lies within seconds of one that is believed.
func (s *Smoothed) falseStart(i int, used map[int]int) bool {
	for j := i + 1; j < len(s.knots) && s.knots[j].Time-s.knots[i].Time <= beyond; j++ {
		if used[s.knots[j].run] >= settled {
			return true
		}
	}
	return false
}

// back is the backward pass of the smoother over each stretch.
func (s *Smoothed) back() {
	for i := len(s.knots) - 2; i >= 0; i-- {
		a, b := &s.knots[i], &s.knots[i+1]
		if a.run != b.run {
			continue
		}
		next := b.state.Moved(&b.Plane, &a.Plane)
		dt := float64(b.Time-a.Time) / 1000
		a.state, _ = kalman.Smooth(&a.Filtered, &b.Predicted, &next, kalman.Transition(dt, b.Motion))
	}
}

// Row is the estimate for record i of the drive, at that record's own time. Where that lies in no stretch it is the
// live filter's answer. It is false while there is none.
func (s *Smoothed) Row(i int) (Estimate, bool) {
	e := s.rows[i]
	return e, !math.IsNaN(e.Lat)
}

// At is the estimate at any time (ms) within a continuous stretch: between two fixes, on the cubic that has their
// positions and velocities, which is what white acceleration makes most likely; where fixes are sparse the reported
// velocities are taken. It is false before the first fix, after the last one, and in a gap.
func (s *Smoothed) At(ms int64) (Estimate, bool) {
	i := sort.Search(len(s.knots), func(i int) bool { return s.knots[i].Time >= ms })
	if i < len(s.knots) && s.knots[i].Time == ms {
		k := &s.knots[i]
		return k.tell(
			ms,
			k.state.Position(),
			k.state.Velocity(),
			track.Accuracy(&k.state, 0),
			k.state.VelocitySigma(),
		), true
	}
	if i == 0 || i == len(s.knots) || s.knots[i-1].run != s.knots[i].run {
		return Estimate{}, false
	}
	return s.between(&s.knots[i-1], &s.knots[i], ms), true
}

// before is the estimate at a time shortly before a stretch.
func (s *Smoothed) before(ms int64) (Estimate, bool) {
	i := sort.Search(len(s.knots), func(i int) bool { return s.knots[i].Time >= ms })
	if i == len(s.knots) || s.knots[i].Time-ms > beyond {
		return Estimate{}, false
	}
	k := &s.knots[i]
	p, v, dt := k.state.Position(), k.state.Velocity(), float64(ms-k.Time)/1000
	sigma := math.Hypot(track.Accuracy(&k.state, 0), k.state.VelocitySigma()*dt)
	return k.tell(ms, [2]float64{p[0] + v[0]*dt, p[1] + v[1]*dt}, v, sigma, k.state.VelocitySigma()), true
}

// between is the estimate between two knots of a stretch (cubic Hermite interpolation).
func (s *Smoothed) between(a, b *knot, ms int64) Estimate {
	to := b.state.Moved(&b.Plane, &a.Plane)
	p0, p1, v0, v1 := a.state.Position(), to.Position(), a.state.Velocity(), to.Velocity()
	dt := float64(b.Time-a.Time) / 1000
	u := float64(ms-a.Time) / float64(b.Time-a.Time)
	if dt > sparse && a.Reported && b.Reported {
		v0, v1 = a.Velocity, b.Velocity
	}
	var p, v [2]float64
	for i := range 2 {
		d, s0, s1 := p1[i]-p0[i], v0[i]*dt, v1[i]*dt
		c2, c3 := 3*d-2*s0-s1, s0+s1-2*d
		p[i] = p0[i] + u*(s0+u*(c2+u*c3))
		v[i] = (s0 + u*(2*c2+u*3*c3)) / dt
	}
	// The variance of the ends, and that of white acceleration between two ends that are known: q dt³ u³(1-u)³/3.
	w := u * (1 - u)
	sa, sb := track.Accuracy(&a.state, 0), track.Accuracy(&b.state, 0)
	variance := sa*sa*(1-u) + sb*sb*u + b.Motion.Accel*dt*dt*dt*w*w*w/3
	return a.tell(ms, p, v, math.Sqrt(variance), math.Max(a.state.VelocitySigma(), b.state.VelocitySigma()))
}

// tell puts an estimate into words.
func (k *knot) tell(ms int64, p, v [2]float64, sigma, velocitySigma float64) Estimate {
	e := Estimate{Time: ms, Accuracy: sigma, Status: argos.Moving, Speed: math.Hypot(v[0], v[1]), Heading: math.NaN()}
	e.Lat, e.Lon = k.Plane.Degrees(p)
	if k.fixes < settled {
		e.Status = argos.Tentative
	}
	switch {
	case k.fixes == 1: // says nothing of a velocity
		e.Speed = math.NaN()
	case (e.Speed < standing || k.Stands && e.Speed < walking) && e.Status != argos.Tentative:
		e.Status, e.Speed = argos.Stopped, 0
	case e.Speed > velocitySigma:
		e.Heading = math.Mod(math.Atan2(v[0], v[1])*180/math.Pi+360, 360)
	}
	return e
}
