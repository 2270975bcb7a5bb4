// Package audit proves delivery after the fact: every fix that a sender holds an acknowledgement for is in the log, and
// every stored document is the fold of its truck's log. The fold is run anew, record by record, without Beam, shards or
// batches: what the pipeline does in parts and parallel must come to the same bytes.
package audit

import (
	"context"
	"errors"
	"fmt"

	"argos"
	"argos/cluster"
	"argos/transforms/track"
)

// Config says what is audited against what.
type Config struct {
	Ledger string // path of the senders' ledger
	Kafka  cluster.Config
	Topic  string
	Store  argos.Store

	// Folded, if set, is shown every record after it was folded, partition by partition, in log order.
	Folded func(r *argos.Record, t *track.Track)
}

// Report is what the audit found. Delivery is proven when Clean.
type Report struct {
	Sent    int64 `json:"sent"`    // distinct fixes in the ledger
	Acked   int64 `json:"acked"`   // of these, acknowledged
	Refused int64 `json:"refused"` // of these, refused to the sender
	InLog   int64 `json:"in_log"`  // records in the topic
	Holes   int64 `json:"holes"`   // offsets below the topic's end that hold no record: transaction markers, or what somebody took out
	Stored  int64 `json:"stored"`  // records that the documents account for
	Resent  int64 `json:"resent"`  // of these, what was there already: sent again by a sender that had lost the answer
	Pending int64 `json:"pending"` // records that no document accounts for yet: the pipeline has not come to them

	Lost        int64 `json:"lost"`        // acked entries that are not in the topic, though it begins at its beginning
	Documents   int64 `json:"documents"`   // in the store
	Diverged    int64 `json:"diverged"`    // documents that are not the fold of their log, or missing, or of no log
	Unauditable int64 `json:"unauditable"` // documents whose log's start is gone, and acked entries not in what is left of it

	Fixes      int64 `json:"fixes"`
	Duplicates int64 `json:"duplicates"`
	Late       int64 `json:"late"`
	Rejected   int64 `json:"rejected"`

	// Problems names the first few of what is lost, diverged and unauditable, by truck and offset.
	Problems []string `json:"problems,omitempty"`
}

// maxProblems bounds the report: whoever has more than this wrong needs the first ones.
const maxProblems = 20

// ErrNothingStored says that there is a log and nothing to judge it by: an audit of the wrong store would prove everything.
var ErrNothingStored = errors.New("audit: the log has records, but the store has neither documents nor marks: is it the right one?")

// Clean says whether nothing was lost, nothing diverged and everything could be judged.
func (r *Report) Clean() bool { return r.Lost == 0 && r.Diverged == 0 && r.Unauditable == 0 }

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Run audits. The gateway and the pipeline may be running or stopped; what the pipeline has not come to yet is pending.
func Run(ctx context.Context, c Config) (*Report, error) {
	r := &Report{}
	claims, err := readLedger(c.Ledger, r)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	// The documents are read before the log: whatever they have folded, the log then holds.
	stored, err := readDocuments(ctx, c.Store, r)
	if err != nil {
		return nil, fmt.Errorf("audit: read the documents: %w", err)
	}
	marks, err := c.Store.Marks(ctx, c.Topic)
	if err != nil {
		return nil, fmt.Errorf("audit: read the marks: %w", err)
	}
	f := &fold{Report: r, claims: claims, stored: stored, shown: c.Folded}
	if err := f.log(ctx, c.Kafka, c.Topic, marks); err != nil {
		return nil, fmt.Errorf("audit: fold the log: %w", err)
	}
	if r.InLog > 0 && r.Documents == 0 && len(marks) == 0 {
		return nil, ErrNothingStored
	}
	f.judge()
	return r, nil
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
