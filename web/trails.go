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
	asked  time.Time // when somebody last looked
	points []point
}

// trails keeps the last points of a bounded number of trucks: of those that somebody has looked at.
type trails struct {
	mu    sync.Mutex
	limit int
	byID  map[string]*list.Element // of *trail
	order list.List                // the one that was looked at longest ago at the back
}

func newTrails(limit int) *trails {
	return &trails{limit: limit, byID: map[string]*list.Element{}}
}

func (ts *trails) len() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return len(ts.byID)
}

// add notes a state of a truck that has a trail.
func (ts *trails) add(t *argos.Truck) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if e := ts.byID[t.ID]; e != nil {
		e.Value.(*trail).note(t)
	}
}

// listed notes the states of trucks that somebody sees in a list, so that there is a trail when one of them is chosen.
func (ts *trails) listed(trucks []argos.Truck) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for i := range trucks {
		ts.trail(trucks[i].ID).note(&trucks[i])
	}
}

// of returns a truck's trail up to t. Who is asked for gets a trail, whoever else must lose theirs.
func (ts *trails) of(t *argos.Truck, now time.Time) []point {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	tr := ts.trail(t.ID)
	tr.asked = now
	tr.note(t)
	return slices.Clone(tr.points)
}

// followed are the trucks that were asked for not long ago.
func (ts *trails) followed(now time.Time) (ids []string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for id, e := range ts.byID {
		if now.Sub(e.Value.(*trail).asked) < followedFor {
			ids = append(ids, id)
		}
	}
	return ids
}

// trail finds a truck's trail, or makes it in the place of the one that was looked at longest ago.
func (ts *trails) trail(id string) *trail {
	e, known := ts.byID[id]
	if !known {
		if len(ts.byID) >= ts.limit {
			delete(ts.byID, ts.order.Remove(ts.order.Back()).(*trail).id)
		}
		e = ts.order.PushFront(&trail{id: id})
		ts.byID[id] = e
	}
	ts.order.MoveToFront(e)
	return e.Value.(*trail)
}

// note takes in a state that is newer than the last.
func (tr *trail) note(t *argos.Truck) {
	if len(tr.points) > 0 && t.Rev <= tr.rev {
		return
	}
	tr.rev = t.Rev
	tr.push(point{t.Time, t.Raw, argos.LatLon{Lat: t.Lat, Lon: t.Lon}, t.Status})
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
