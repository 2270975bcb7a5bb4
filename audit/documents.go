package audit

import (
	"context"

	"argos"
)

// document is a stored document and what its log says of it so far.
type document struct {
	argos.Truck
	known   bool   // an earlier audit has proven its truck's track
	reached bool   // the fold has come to the document's place in the log
	broken  string // what can't hold of any document of this log, found without the filter
	differs string // the first field in which the fold is another there
	was     int64  // the rev that an earlier audit proved, if the document has gone back from there; 0: it has not

	// behind is where a record is that the mark says is stored, but the document lacks; nil: nowhere.
	behind *argos.Pos
}

// readDocuments pages through the store. A store may repeat a document between pages; the newer one counts.
func readDocuments(ctx context.Context, s argos.Store, r *Report) (map[string]*document, error) {
	const page = 1000
	docs := map[string]*document{}
	for after := ""; ; {
		trucks, err := s.After(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, t := range trucks {
			if old := docs[t.ID]; old == nil || old.Rev < t.Rev {
				docs[t.ID] = &document{Truck: t}
			}
			after = t.ID
		}
		if len(trucks) < page {
			break
		}
	}
	for _, d := range docs {
		r.Documents++
		r.Stored += d.Rev
		r.Fixes += d.Fixes
		r.Duplicates += d.Duplicates
		r.Late += d.Late
		r.Rejected += d.Rejected
	}
	return docs, nil
}
