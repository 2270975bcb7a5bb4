package storeio

import (
	"fmt"
	"testing"

	"argos"
)

// BenchmarkHeld is what a bundle costs beside the store: three parts of a partition, of the same 1,250 trucks.
func BenchmarkHeld(b *testing.B) {
	var d argos.Documents
	for i := range 1250 {
		d.Trucks = append(d.Trucks, argos.Truck{ID: fmt.Sprintf("T-%05d", i*7919%10_000), Track: make([]byte, 450)})
	}
	payload := d.Append(nil)
	var h held
	var docs argos.Documents
	b.ReportAllocs()
	for b.Loop() {
		for rev := range int64(3) {
			if err := docs.Decode(payload); err != nil {
				b.Fatal(err)
			}
			for i := range docs.Trucks {
				docs.Trucks[i].Rev = rev
			}
			h.add(&docs)
		}
		if n := len(h.sorted()); n != 1250 {
			b.Fatal(n)
		}
		h.clear()
	}
}
