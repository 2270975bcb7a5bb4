package web

import (
	"encoding/json"
	"math"
	"strconv"

	"argos"
)

// document is a truck as the API shows it, under the names that every store uses.
type document struct {
	ID         string          `json:"_id"`
	Rev        int64           `json:"rev"`
	Pos        position        `json:"pos"`
	Time       int64           `json:"time"`
	Recv       int64           `json:"recv"`
	Lat        number          `json:"lat"`
	Lon        number          `json:"lon"`
	Raw        latLon          `json:"raw"`
	Speed      number          `json:"speed"`
	Heading    number          `json:"heading"`
	Accuracy   number          `json:"accuracy"`
	Status     string          `json:"status"`
	Fixes      int64           `json:"fixes"`
	Duplicates int64           `json:"duplicates"`
	Late       int64           `json:"late"`
	Rejected   int64           `json:"rejected"`
	Attrs      json.RawMessage `json:"attrs"`
	Updated    int64           `json:"updated"`
	Track      []byte          `json:"track,omitempty"`
}

type position struct {
	Epoch     int32 `json:"epoch"`
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

type latLon struct {
	Lat number `json:"lat"`
	Lon number `json:"lon"`
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
		ID: t.ID, Rev: t.Rev, Pos: position{t.Pos.Epoch, t.Pos.Partition, t.Pos.Next}, Time: t.Time, Recv: t.Recv,
		Lat: number(t.Lat), Lon: number(t.Lon), Raw: latLon{number(t.Raw.Lat), number(t.Raw.Lon)},
		Speed: number(t.Speed), Heading: number(t.Heading), Accuracy: number(t.Accuracy), Status: t.Status.String(),
		Fixes: t.Fixes, Duplicates: t.Duplicates, Late: t.Late, Rejected: t.Rejected,
		Attrs: attrs(t.Attrs), Updated: t.Updated,
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
