package web

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"argos"
)

const (
	maxTrails = 2000
	maxPoints = 600 // of a trail
	// idle is how long a truck keeps its place without news when others want it. In a fleet that is larger than
	// maxTrails, the first to come stay: to give the place to whoever moved last would leave each with a single point.
	idle = time.Minute
)

// point is one state of a truck: where its newest record said that it was, and where the track had it then.
type point struct {
	time       int64 // ms
	raw, clean argos.LatLon
	status     argos.Status
}

type trail struct {
	id     string
	rev    int64
	seen   time.Time
	points []point
}

// trails keeps the last points of a bounded number of trucks.
type trails struct {
	mu    sync.Mutex
	limit int
	byID  map[string]*list.Element // of *trail
	order list.List                // the longest without news at the back
}

func newTrails(limit int) *trails {
	return &trails{limit: limit, byID: map[string]*list.Element{}}
}

func (ts *trails) len() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return len(ts.byID)
}

// add notes a state, if the truck has a trail or there is room for one.
func (ts *trails) add(t *argos.Truck, now time.Time) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if _, known := ts.byID[t.ID]; !known && len(ts.byID) >= ts.limit && now.Sub(ts.order.Back().Value.(*trail).seen) < idle {
		return
	}
	ts.note(t, now)
}

// of returns a truck's trail up to t. Who is asked for gets a trail, whoever else must lose theirs.
func (ts *trails) of(t *argos.Truck) []point {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Clone(ts.note(t, time.Now()).points)
}

func (ts *trails) note(t *argos.Truck, now time.Time) *trail {
	e, known := ts.byID[t.ID]
	if !known {
		if len(ts.byID) >= ts.limit {
			delete(ts.byID, ts.order.Remove(ts.order.Back()).(*trail).id)
		}
		e = ts.order.PushFront(&trail{id: t.ID})
		ts.byID[t.ID] = e
	}
	ts.order.MoveToFront(e)
	tr := e.Value.(*trail)
	tr.seen = now
	if known && t.Rev <= tr.rev {
		return tr
	}
	tr.rev = t.Rev
	tr.push(point{t.Time, t.Raw, argos.LatLon{Lat: t.Lat, Lon: t.Lon}, t.Status})
	return tr
}

// push appends a point. A record that did not move the track's time was a duplicate, late, or came out of order: it may
// have refined where the truck is, but its own position is not one of this time. A track whose time goes back (a
// recording that begins again) begins a new trail.
func (tr *trail) push(p point) {
	if n := len(tr.points); n > 0 {
		switch last := &tr.points[n-1]; {
		case p.time == last.time:
			last.clean, last.status = p.clean, p.status
			return
		case p.time < last.time:
			tr.points = tr.points[:0]
		case n == maxPoints:
			tr.points = slices.Delete(tr.points, 0, 1)
		}
	}
	tr.points = append(tr.points, p)
}
