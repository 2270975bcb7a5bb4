package mongoio

import (
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"argos"
)

// document is a truck in the collection: shape 2. Others read it, so its names and types are a promise
// (docs/QUERIES.md).
type document struct {
	ID     string `bson:"_id"`
	Fields fields `bson:",inline"` // named, for the driver passes over what is embedded and not exported
}

// fields are what an upsert sets. What is nil or zero here is absent there.
//
// Attrs is the JSON text as it came, a string: as a document of MongoDB's own its numbers would change their form (1.0,
// 1e3, integers above 2^53), and a document must come back as it was folded, bit for bit.
type fields struct {
	Location   *point        `bson:"location,omitempty"`
	Raw        *point        `bson:"raw,omitempty"`
	Time       bson.DateTime `bson:"time,omitempty"`
	Recv       bson.DateTime `bson:"recv"`
	Speed      quantity      `bson:"speed"`
	Heading    quantity      `bson:"heading"`
	Accuracy   quantity      `bson:"accuracy"`
	Status     string        `bson:"status"`
	Fixes      int64         `bson:"fixes"`
	Duplicates int64         `bson:"duplicates"`
	Late       int64         `bson:"late"`
	Rejected   int64         `bson:"rejected"`
	Attrs      string        `bson:"attrs,omitempty"`   // not set when not given: the stored ones stay
	Updated    bson.DateTime `bson:"updated,omitempty"` // only read, and written by upgrade
	Machinery  *machinery    `bson:"_argos"`            // nil only in documents of another shape
}

// machinery is what only argos needs, under one key that one projection hides.
type machinery struct {
	Rev   int64  `bson:"rev"`
	Pos   pos    `bson:"pos"`
	Track []byte `bson:"track"`
}

type pos struct {
	Epoch     int32 `bson:"epoch"`
	Partition int32 `bson:"partition"`
	Next      int64 `bson:"offset"`
}

// point is a GeoJSON Point (RFC 7946): longitude first.
type point struct {
	Type        string     `bson:"type"`
	Coordinates [2]float64 `bson:"coordinates"`
}

func pointAt(lat, lon float64) *point {
	if math.IsNaN(lat) || math.IsNaN(lon) {
		return nil
	}
	return &point{"Point", [2]float64{lon, lat}}
}

func (p *point) latLon() argos.LatLon {
	if p == nil {
		return argos.LatLon{Lat: math.NaN(), Lon: math.NaN()}
	}
	return argos.LatLon{Lat: p.Coordinates[1], Lon: p.Coordinates[0]}
}

func fieldsOf(t *argos.Truck) fields {
	return fields{
		Location: pointAt(t.Lat, t.Lon), Raw: pointAt(t.Raw.Lat, t.Raw.Lon),
		Time: bson.DateTime(t.Time), Recv: bson.DateTime(t.Recv),
		Speed: quantity(
			t.Speed,
		), Heading: quantity(t.Heading), Accuracy: quantity(t.Accuracy), Status: t.Status.String(),
		Fixes: t.Fixes, Duplicates: t.Duplicates, Late: t.Late, Rejected: t.Rejected, Attrs: string(t.Attrs),
		Machinery: &machinery{Rev: t.Rev, Pos: pos(t.Pos), Track: t.Track},
	}
}

// absent are the fields that an upsert has to take away, for they may have been known before.
func (f *fields) absent() (keys bson.D) {
	for _, x := range [...]struct {
		key     string
		unknown bool
	}{{"location", f.Location == nil}, {"raw", f.Raw == nil}, {"time", f.Time == 0}} {
		if x.unknown {
			keys = append(keys, bson.E{Key: x.key, Value: ""})
		}
	}
	return keys
}

// truckOf reads a document. What it can't read it names.
func truckOf(raw bson.Raw) (argos.Truck, error) {
	var d document
	err := bson.Unmarshal(raw, &d)
	if _, missing := raw.LookupErr("_argos"); missing != nil {
		return argos.Truck{}, fmt.Errorf("truck %s: %w", raw.Lookup("_id"), errOldShape)
	}
	if err != nil {
		return argos.Truck{}, fmt.Errorf("%w: truck %s: %w", argos.ErrDocument, raw.Lookup("_id"), err)
	}
	return d.truck()
}

func (d *document) truck() (argos.Truck, error) {
	f := &d.Fields
	if f.Machinery == nil {
		return argos.Truck{}, fmt.Errorf("%w: truck %q has a null for _argos", argos.ErrDocument, d.ID)
	}
	status, known := argos.ParseStatus(f.Status)
	if !known {
		return argos.Truck{}, fmt.Errorf("%w: truck %q has the unknown status %q", argos.ErrDocument, d.ID, f.Status)
	}
	at := f.Location.latLon()
	t := argos.Truck{
		ID: d.ID, Rev: f.Machinery.Rev, Pos: argos.Pos(f.Machinery.Pos), Time: int64(f.Time), Recv: int64(f.Recv),
		Lat: at.Lat, Lon: at.Lon, Raw: f.Raw.latLon(),
		Speed: float64(f.Speed), Heading: float64(f.Heading), Accuracy: float64(f.Accuracy), Status: status,
		Fixes: f.Fixes, Duplicates: f.Duplicates, Late: f.Late, Rejected: f.Rejected, Updated: int64(f.Updated),
		Track: f.Machinery.Track,
	}
	if f.Attrs != "" {
		t.Attrs = []byte(f.Attrs)
	}
	return t, nil
}

// quantity is a number that is null when it is not known (NaN), so that no condition on it holds.
type quantity float64

var (
	_ bson.ValueMarshaler   = quantity(0)
	_ bson.ValueUnmarshaler = (*quantity)(nil)
)

// MarshalBSONValue is called by the driver.
func (q quantity) MarshalBSONValue() (typ byte, data []byte, err error) {
	if math.IsNaN(float64(q)) {
		return byte(bson.TypeNull), nil, nil
	}
	t, data, err := bson.MarshalValue(float64(q))
	return byte(t), data, err
}

// UnmarshalBSONValue is called by the driver.
func (q *quantity) UnmarshalBSONValue(typ byte, data []byte) error {
	if bson.Type(typ) == bson.TypeNull {
		*q = quantity(math.NaN())
		return nil
	}
	x, ok := bson.RawValue{Type: bson.Type(typ), Value: data}.DoubleOK()
	if !ok {
		return fmt.Errorf("a %s where a number belongs", bson.Type(typ))
	}
	*q = quantity(x)
	return nil
}
