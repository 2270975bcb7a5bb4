package sim

import (
	"sort"

	"argos"
	"argos/truth"
)

// rowSize is what a row of a ring takes; minTruth rows are kept however large the fleet.
const (
	rowSize  = 16
	minTruth = 30
)

// fact is where a truck was: metres from the centre, to half a millimetre.
type fact struct {
	tMs  int64 // after the start
	x, y float32
}

// ring keeps the newest facts of one truck, oldest first from head on.
type ring struct {
	keep int
	head int
	rows []fact
}

func (r *ring) add(tMs int64, p vec) {
	row := fact{tMs, float32(p.x), float32(p.y)}
	if len(r.rows) < r.keep {
		r.rows = append(r.rows, row)
		return
	}
	r.rows[r.head] = row
	r.head = (r.head + 1) % len(r.rows)
}

// row is the i-th oldest.
func (r *ring) row(i int, start int64) truth.Row {
	f := r.rows[(r.head+i)%len(r.rows)]
	return truth.Row{TMs: start + f.tMs, Pos: cityPlane.latLon(vec{float64(f.x), float64(f.y)})}
}

func (r *ring) track(start int64) truth.Track {
	t := make(truth.Track, len(r.rows))
	for i := range t {
		t[i] = r.row(i, start)
	}
	return t
}

// at is where the truck was at a time.
func (r *ring) at(start, tMs int64) (argos.LatLon, bool) {
	n := len(r.rows)
	i := sort.Search(n, func(i int) bool { return r.rows[(r.head+i)%n].tMs >= tMs-start })
	near := make(truth.Track, 0, 2) // the rows on both sides
	for k := max(0, i-1); k <= i && k < n; k++ {
		near = append(near, r.row(k, start))
	}
	return near.At(tMs)
}
