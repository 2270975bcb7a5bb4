package ledger

import (
	"testing"
	"unicode/utf8"
)

// FuzzEntry: what decodes is written so that it decodes to the same.
func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"run":"r","truck_id":"T-1","seq":1,"ts":2,"outcome":"acked"}`))
	f.Add([]byte(`{"run":"\u00e9","truck_id":"","seq":-1,"ts":0,"outcome":"unknown"}`))
	f.Add([]byte(`{"run":"r","tru`))
	f.Add([]byte(`{"run":null,"truck_id":[],"seq":{},"ts":"","outcome":1}`))
	f.Add([]byte(`{"run":"a","run":"b","seq":1,"ts":2,"outcome":"acked"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var d decoder
		e, err := d.entry(line)
		if err != nil || !utf8.ValidString(e.Run+e.TruckID) {
			return
		}
		again := appendEntry(nil, e)
		if got, err := d.entry(again[:len(again)-1]); err != nil || got != e {
			t.Fatalf("%+v became %+v, %v", e, got, err)
		}
	})
}
