package audit

import (
	"fmt"

	"argos"
)

// tally is what a truck's records say of its document without any filter: an audit that only ran the pipeline's own
// fold again would share its faults.
type tally struct {
	records int64 // all of them, if whole
	whole   bool  // the truck's first record was counted, here or by an earlier audit
	last    argos.Record
}

func (t *tally) add(r *argos.Record) {
	t.records++
	t.last.Recv, t.last.Lat, t.last.Lon = r.Recv, r.Lat, r.Lon
}

// contradicts names what can't be true of a document that ends with the last record counted; "" when there is
// nothing.
func (t *tally) contradicts(d *argos.Truck) string {
	sum := d.Fixes + d.Duplicates + d.Late + d.Rejected
	switch {
	case sum != d.Rev || min(d.Fixes, d.Duplicates, d.Late, d.Rejected) < 0:
		return fmt.Sprintf("rev %d, but counts of %d fixes, %d duplicates, %d late and %d rejected",
			d.Rev, d.Fixes, d.Duplicates, d.Late, d.Rejected)
	case t.whole && d.Rev != t.records:
		return fmt.Sprintf("rev %d, but the log has %d records of the truck up to there", d.Rev, t.records)
	case d.Raw.Lat != t.last.Lat || d.Raw.Lon != t.last.Lon:
		return fmt.Sprintf(
			"raw %v, %v, but the record there has %v, %v",
			d.Raw.Lat,
			d.Raw.Lon,
			t.last.Lat,
			t.last.Lon,
		)
	case d.Recv != t.last.Recv:
		return fmt.Sprintf("recv %d, but the record there has %d", d.Recv, t.last.Recv)
	}
	return ""
}
