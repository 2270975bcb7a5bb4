package mongoio

import (
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"argos"
)

// document is a truck in the collection.
type document struct {
	ID     string `bson:"_id"`
	Fields fields `bson:",inline"` // named, for the driver passes over what is embedded and not exported
}

// fields are what an upsert sets. Times in ms are numbers; only updated is a date, for the server's clock gives no other.
//
// Attrs is the JSON text as it came, a string: as a document of MongoDB's own its numbers would change their form (1.0, 1e3,
// integers above 2^53), and a document must come back as it was folded, bit for bit.
type fields struct {
	Rev        int64         `bson:"rev"`
	Pos        pos           `bson:"pos"`
	Time       int64         `bson:"time"`
	Recv       int64         `bson:"recv"`
	Lat        quantity      `bson:"lat"`
	Lon        quantity      `bson:"lon"`
	Raw        latLon        `bson:"raw"`
	Speed      quantity      `bson:"speed"`
	Heading    quantity      `bson:"heading"`
	Accuracy   quantity      `bson:"accuracy"`
	Status     string        `bson:"status"`
	Fixes      int64         `bson:"fixes"`
	Duplicates int64         `bson:"duplicates"`
	Late       int64         `bson:"late"`
	Rejected   int64         `bson:"rejected"`
	Attrs      string        `bson:"attrs,omitempty"` // not set when not given: the stored ones stay
	Track      []byte        `bson:"track"`
	Updated    bson.DateTime `bson:"updated,omitempty"` // only read
}

type pos struct {
	Epoch     int32 `bson:"epoch"`
	Partition int32 `bson:"partition"`
	Next      int64 `bson:"next"`
}

type latLon struct {
	Lat quantity `bson:"lat"`
	Lon quantity `bson:"lon"`
}

func fieldsOf(t *argos.Truck) fields {
	return fields{
		Rev: t.Rev, Pos: pos(t.Pos), Time: t.Time, Recv: t.Recv, Lat: quantity(t.Lat), Lon: quantity(t.Lon),
		Raw:   latLon{quantity(t.Raw.Lat), quantity(t.Raw.Lon)},
		Speed: quantity(t.Speed), Heading: quantity(t.Heading), Accuracy: quantity(t.Accuracy), Status: t.Status.String(),
		Fixes: t.Fixes, Duplicates: t.Duplicates, Late: t.Late, Rejected: t.Rejected, Attrs: string(t.Attrs), Track: t.Track,
	}
}

func (d *document) truck() (argos.Truck, error) {
	f := &d.Fields
	status, known := argos.ParseStatus(f.Status)
	if !known {
		return argos.Truck{}, fmt.Errorf("truck %q has the unknown status %q", d.ID, f.Status)
	}
	t := argos.Truck{
		ID: d.ID, Rev: f.Rev, Pos: argos.Pos(f.Pos), Time: f.Time, Recv: f.Recv, Lat: float64(f.Lat), Lon: float64(f.Lon),
		Raw:   argos.LatLon{Lat: float64(f.Raw.Lat), Lon: float64(f.Raw.Lon)},
		Speed: float64(f.Speed), Heading: float64(f.Heading), Accuracy: float64(f.Accuracy), Status: status,
		Fixes: f.Fixes, Duplicates: f.Duplicates, Late: f.Late, Rejected: f.Rejected, Updated: int64(f.Updated), Track: f.Track,
	}
	if f.Attrs != "" {
		t.Attrs = []byte(f.Attrs)
	}
	return t, nil
}

// quantity is a number that is null when it is not known (NaN), so that a truck without a position lies in no box.
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
