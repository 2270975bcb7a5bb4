package track

// stretch is the steps from one start of the filter to the next.
type stretch struct {
	from, to    int     // steps: the first, and the one after the last
	first, last int     // steps whose fixes were used
	time        float64 // s that the fixes used tell of
	leap        float64 // s that the leap to it costs; 0 is a stretch after a silence
}

const mostLeap = doubtTime / 1000 // s that a leap costs at most: as long as what it leads to is in doubt

// stretches are those of the last pass. What was seen before the first fix used is of none.
func (o *offline) stretches() (out []stretch) {
	for i := range o.steps {
		s := &o.steps[i]
		if s.Start {
			out = append(out, stretch{from: i, first: i})
			if n := len(out); n > 1 && s.leap {
				out[n-1].leap = o.leap(out[n-2].last, i)
			}
		}
		if len(out) == 0 {
			continue
		}
		now := &out[len(out)-1]
		if now.to = i + 1; s.Used {
			now.last = i
			if i+1 < len(o.steps) {
				now.time += min(seconds(o.steps[i+1].Time-s.Time), silence/1000)
			}
		}
	}
	return out
}

// findExcursions marks the fixes of stretches that a receiver spent elsewhere, maybe again and again: between two with
// which the drive goes on better, and shorter than each of them. Of all ways through the stretches it takes the one
// whose fixes tell of the longest time, less what its leaps cost. It says whether the marks have changed.
func (o *offline) findExcursions() bool {
	ss := o.stretches()
	best, from := make([]float64, len(ss)), make([]int, len(ss)) // of the ways to each stretch
	end := -1
	for j := range ss {
		best[j], from[j] = ss[j].time, -1
		if j > 0 {
			best[j], from[j] = best[j-1]-ss[j].leap+ss[j].time, j-1
		}
		between := 0.0
		for i := j - 2; i >= 0; i-- {
			between += ss[i+1].time
			dt := o.steps[ss[j].first].Time - o.steps[ss[i].last].Time
			if dt > 2*doubtTime { // to leap there and back costs no more
				break
			}
			if between > ss[i].time || between > ss[j].time && j < len(ss)-1 {
				continue
			}
			// to be elsewhere takes a leap there and one back
			cost := o.beyond(ss[i].last, ss[j].first) + 2*mostLeap - ss[i+1].leap - ss[j].leap
			if way := best[i] - cost + ss[j].time; way > best[j] {
				best[j], from[j] = way, i
			}
		}
		if end < 0 || best[j] > best[end] {
			end = j
		}
	}
	changed := o.takeBack()
	for j := end; j >= 0 && from[j] >= 0; j = from[j] {
		for i := ss[from[j]].to; i < ss[j].from; i++ {
			if !o.kept[i] {
				o.astray[i], changed = true, true
			}
		}
	}
	return changed
}

// takeBack takes marks away behind which the track did not go on either, and says whether there were any.
func (o *offline) takeBack() (found bool) {
	from := -1 // of the fixes marked that come before
	for i := range o.steps {
		switch {
		case o.astray[i] && from < 0:
			from = i
		case o.astray[i] || from < 0 || !o.steps[i].Used:
			continue
		case o.steps[i].Start:
			for k := from; k < i; k++ {
				if o.astray[k] {
					o.astray[k], o.kept[k], found = false, true, true
				}
			}
			from = -1
		default:
			from = -1
		}
	}
	return found
}

// leap is what it costs (s) to believe that the truck went from step a to the next, b: how long it would take at a
// walk, from where either velocity leads.
func (o *offline) leap(a, b int) float64 {
	way, v, w, dt := o.way(a, b)
	off := min(length(way[0]-v[0]*dt, way[1]-v[1]*dt), length(way[0]-w[0]*dt, way[1]-w[1]*dt))
	return min(mostLeap, off/walkingSpeed)
}

// beyond is the same of two steps that are further apart: from where it can have come, going as fast as it was before
// and after, and a little more.
func (o *offline) beyond(a, b int) float64 {
	way, v, w, dt := o.way(a, b)
	speed := max(length(v[0], v[1]), length(w[0], w[1])) + 2*walkingSpeed
	off := length(way[0], way[1]) - 1.3*speed*dt - 2*gateSigmas*float64(o.fixes[a].sigma)/10/4
	return max(0, min(mostLeap, off/walkingSpeed))
}

// way is that from step a to step b (m), with the velocities there and the time (s) between.
func (o *offline) way(a, b int) (way, v, w [2]float64, dt float64) {
	x, y := &o.steps[a], &o.steps[b]
	to := y.Filtered.Moved(&y.Plane, &x.Plane)
	p, q := x.Filtered.Position(), to.Position()
	return [2]float64{q[0] - p[0], q[1] - p[1]}, x.Filtered.Velocity(), to.Velocity(), seconds(y.Time - x.Time)
}
