package web

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"argos"
)

// document is a truck as the API shows it, under the names that every store uses. What is not known of a truck is
// absent; a quantity is null.
type document struct {
	ID         string          `json:"_id"`
	Location   *location       `json:"location,omitempty"`
	Raw        *location       `json:"raw,omitempty"`
	Time       instant         `json:"time,omitzero"`
	Recv       instant         `json:"recv"`
	Updated    instant         `json:"updated"`
	Speed      number          `json:"speed"`
	Heading    number          `json:"heading"`
	Accuracy   number          `json:"accuracy"`
	Status     string          `json:"status"`
	Fixes      int64           `json:"fixes"`
	Duplicates int64           `json:"duplicates"`
	Late       int64           `json:"late"`
	Rejected   int64           `json:"rejected"`
	Attrs      json.RawMessage `json:"attrs,omitempty"`
	Machinery  machinery       `json:"_argos"`
}

// machinery is what only argos needs.
type machinery struct {
	Rev   int64    `json:"rev"`
	Pos   position `json:"pos"`
	Track []byte   `json:"track,omitempty"`
}

type position struct {
	Epoch     int32 `json:"epoch"`
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// location is a GeoJSON Point (RFC 7946): longitude first.
type location struct {
	Type        string     `json:"type"`
	Coordinates [2]degrees `json:"coordinates"`
}

// locationOf is nil when the position is unknown.
func locationOf(p argos.LatLon) *location {
	if math.IsNaN(p.Lat) || math.IsNaN(p.Lon) {
		return nil
	}
	return &location{"Point", [2]degrees{degrees(p.Lon), degrees(p.Lat)}}
}

// degrees are shown with 7 decimals at most: a centimetre.
type degrees float64

func (d degrees) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, math.Round(float64(d)*1e7)/1e7+0, 'f', -1, 64), nil // + 0 makes 0 of -0
}

// instant is a time in ms since 1970, shown as RFC 3339 has it.
type instant int64

func (i instant) MarshalJSON() ([]byte, error) {
	return time.UnixMilli(int64(i)).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// number is null when it is not known.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
	}
	return []byte("null"), nil
}

// newDocument leaves Track out.
func newDocument(t *argos.Truck) document {
	return document{
		ID: t.ID, Location: locationOf(argos.LatLon{Lat: t.Lat, Lon: t.Lon}), Raw: locationOf(t.Raw),
		Time: instant(t.Time), Recv: instant(t.Recv), Updated: instant(t.Updated),
		Speed: number(t.Speed), Heading: number(t.Heading), Accuracy: number(t.Accuracy), Status: t.Status.String(),
		Fixes: t.Fixes, Duplicates: t.Duplicates, Late: t.Late, Rejected: t.Rejected, Attrs: attrs(t.Attrs),
		Machinery: machinery{Rev: t.Rev, Pos: position{t.Pos.Epoch, t.Pos.Partition, t.Pos.Next}},
	}
}

// attrs shows what is no JSON, which only a foreign writer can have stored, as a string: one damaged document must not
// hide the others of its page.
func attrs(b []byte) json.RawMessage {
	if len(b) == 0 || json.Valid(b) {
		return b
	}
	quoted, _ := json.Marshal(string(b)) // a string always marshals
	return quoted
}
