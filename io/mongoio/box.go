package mongoio

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"argos"
)

const (
	// widest is the widest box (degrees of longitude) that the index is asked for. A wider one holds so much of the
	// fleet that documents in the order of their ids soon fill the page.
	widest = 45
	// northmost bounds the latitudes of such a box: at a pole its polygon would have no sides.
	northmost = 85
	// outwards is how much larger (degrees) than the box the polygon is, so that the box's own edge lies inside.
	outwards = 1e-5
	// spheroid covers the difference between a sphere's great circles, by which MongoDB reads a polygon's sides, and an
	// ellipsoid's geodesics, by which other servers do: a share of how far a side bulges.
	spheroid = 0.02
)

// inBox is the condition that a document's position lies in a box. The coordinates decide; the polygon is somewhat
// larger, and is there for the index.
func inBox(b argos.Box) bson.D {
	var filter bson.D
	if ring := around(b); ring != nil {
		filter = append(filter, bson.E{Key: "location", Value: bson.D{{Key: "$geoWithin", Value: bson.D{{
			Key: "$geometry", Value: bson.D{
				{Key: "type", Value: "Polygon"}, {Key: "coordinates", Value: [][][2]float64{ring}},
			},
		}}}}})
	}
	const lon, lat = "location.coordinates.0", "location.coordinates.1"
	filter = append(
		filter,
		bson.E{Key: lat, Value: bson.D{{Key: "$gte", Value: b.South}, {Key: "$lte", Value: b.North}}},
	)
	from, to := bson.E{Key: "$gte", Value: b.West}, bson.E{Key: "$lte", Value: b.East}
	if b.West <= b.East {
		return append(filter, bson.E{Key: lon, Value: bson.D{from, to}})
	}
	return append(filter, bson.E{Key: "$or", Value: bson.A{
		bson.D{{Key: lon, Value: bson.D{from}}}, bson.D{{Key: lon, Value: bson.D{to}}},
	}})
}

// around is a ring of [lon, lat] whose sides, great circles, leave no point of the box outside; nil for a box that is
// better sought without the index.
//
// The side between two points of one latitude bulges towards the nearer pole, by atan(tan(lat) / cos(width/2)) - lat in
// its middle. So the side that faces the equator is drawn nearer to it by as much.
func around(b argos.Box) [][2]float64 {
	width := b.East - b.West
	if width < 0 {
		width += 360
	}
	if width > widest || b.South < -northmost || b.North > northmost {
		return nil
	}
	half := (width/2 + outwards) * math.Pi / 180
	inwards := func(lat float64) float64 {
		moved := math.Atan(math.Tan(lat*math.Pi/180)*math.Cos(half)) * 180 / math.Pi
		return moved - spheroid*(lat-moved)
	}
	south, north := b.South-outwards, b.North+outwards
	if south > 0 {
		south = inwards(south)
	}
	if north < 0 {
		north = inwards(north)
	}
	west, east := turn(b.West-outwards), turn(b.East+outwards)
	return [][2]float64{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

// turn brings a longitude that is just beyond the antimeridian to its other side.
func turn(lon float64) float64 {
	switch {
	case lon < -180:
		return lon + 360
	case lon > 180:
		return lon - 360
	}
	return lon
}
