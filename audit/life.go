package audit

import (
	"argos"
	"argos/transforms/track"
)

// life is a truck's fold so far.
type life struct {
	track  track.Track
	attrs  []byte
	tally  tally
	atMark *proven // as it was at the mark, once the fold is beyond it
	seed   *proven // what it began with
}

// compare judges a document if the fold is at its place.
func (l *life) compare(d *document, pos argos.Pos) {
	if pos.Compare(d.Pos) != 0 {
		return
	}
	want := argos.Truck{ID: d.ID, Attrs: l.attrs}
	l.track.Fill(&want)
	d.reached, d.broken, d.differs = true, l.tally.contradicts(&d.Truck), difference(&d.Truck, &want)
}

func (l *life) proven() *proven {
	p := &proven{track: l.track.Append(nil), attrs: l.attrs, records: l.track.Rev()}
	if l.tally.whole {
		p.records = l.tally.records
	}
	p.trusted = l.seed != nil && l.seed.trusted
	return p
}
