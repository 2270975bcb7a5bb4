package ledger

import (
	"math"
	"testing"
	"unicode/utf8"
)

// FuzzEntry: what decodes is written so that it decodes to the same.
func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"run":"r","line":0,"truck_id":"T-1","seq":1,"ts":2,"lat":51.9,"lon":-4e-7,"outcome":"acked"}`))
	f.Add([]byte(`{"run":"\u00e9","line":7,"truck_id":"","seq":-1,"ts":0,"lat":null,"lon":null,"outcome":"unknown"}`))
	f.Add([]byte(`{"run":"r","tru`))
	f.Add([]byte(`{"run":null,"line":"","truck_id":[],"seq":{},"ts":"","lat":[],"lon":true,"outcome":1}`))
	f.Add([]byte(`{"run":"a","run":"b","line":1,"seq":1,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var d decoder
		e, err := d.entry(line)
		if err != nil || !utf8.ValidString(e.Run+e.TruckID) {
			return
		}
		again := appendEntry(nil, e)
		if got, err := d.entry(again[:len(again)-1]); err != nil || !same(got, e) {
			t.Fatalf("%+v became %+v, %v", e, got, err)
		}
	})
}

// same compares entries of which a place may be unknown.
func same(a, b Entry) bool {
	near := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
	ok := near(a.Lat, b.Lat) && near(a.Lon, b.Lon)
	a.Lat, a.Lon, b.Lat, b.Lon = 0, 0, 0, 0
	return ok && a == b
}
