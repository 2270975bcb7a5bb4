package sqliteio

import "argos"

const (
	cellsPerDegree = 100   // a cell is 1.1 km high, and at most as wide
	cellRow        = 65536 // between a cell and the one north of it: more than there are around the earth
	// maxCellRows is the most rows of cells that a box is sought in: each is a seek of the index. A higher box is read
	// by id, for it holds so much of the fleet that the limit ends the search.
	maxCellRows = 500
)

// latCell and lonCell never fall as their argument grows, so a box of degrees lies in the box of its corners' cells.
func latCell(lat float64) int64 { return int64((lat + 90) * cellsPerDegree) }
func lonCell(lon float64) int64 { return int64((lon + 180) * cellsPerDegree) }

// cellOf is the cell that a position (degrees) lies in, by which boxes are found; nil when it is unknown.
func cellOf(lat, lon float64) any {
	if lat != lat || lon != lon {
		return nil
	}
	return latCell(lat)*cellRow + lonCell(lon)
}

// halves are the one or, across the antimeridian, two boxes with West <= East that are the box.
func halves(b argos.Box) []argos.Box {
	if b.West <= b.East {
		return []argos.Box{b}
	}
	west, east := b, b
	west.East, east.West = 180, -180
	return []argos.Box{west, east}
}
