package audit

import "fmt"

// Report is what the audit found. Delivery is proven when Clean. Of an audit that goes on from an earlier one, the
// counts speak of what is new since; those of documents, of all.
type Report struct {
	Sent    int64 `json:"sent"`    // distinct fixes in the ledger
	Acked   int64 `json:"acked"`   // of these, acknowledged
	Refused int64 `json:"refused"` // of these, refused to the sender
	Vague   int64 `json:"vague"`   // acked entries without a number or a place: no record can be told to be theirs
	InLog   int64 `json:"in_log"`  // records in the topic
	Holes   int64 `json:"holes"`   // offsets that hold no record: transaction markers, or what somebody took out
	Stored  int64 `json:"stored"`  // records that the documents account for
	Resent  int64 `json:"resent"`  // records beyond the first of a fix: sent again by a sender that had lost the answer
	Pending int64 `json:"pending"` // records that the pipeline has not come to yet
	Running bool  `json:"running"` // the pipeline was said to be at work, so that pending is no fault ...
	Stalled bool  `json:"stalled"` // ... and while it was waited for, it did nothing

	Lost           int64 `json:"lost"`            // acked fixes that are not in the topic
	Documents      int64 `json:"documents"`       // in the store
	Diverged       int64 `json:"diverged"`        // documents that are not the fold of their log, missing, or of no log
	BadMarks       int64 `json:"bad_marks"`       // marks that are missing, or can't be true
	MissingLetters int64 `json:"missing_letters"` // records that are no fixes, and of which there is no dead letter
	Unauditable    int64 `json:"unauditable"`     // documents and acked fixes whose part of the log is gone
	Trusted        int64 `json:"trusted"`         // documents whose beginning no audit has seen

	Fixes      int64 `json:"fixes"`
	Duplicates int64 `json:"duplicates"`
	Late       int64 `json:"late"`
	Rejected   int64 `json:"rejected"`

	// Problems names the first few of what is wrong of each kind, by truck and offset.
	Problems []string `json:"problems,omitempty"`

	named int // problems of the kinds before
}

// maxProblems bounds what is named of a kind: whoever has more than this wrong needs the first ones.
const maxProblems = 20

// nextKind makes room for what is wrong of another kind.
func (r *Report) nextKind() { r.named = len(r.Problems) }

// isFull says that no more is named of this kind.
func (r *Report) isFull() bool { return len(r.Problems)-r.named >= maxProblems }

// Clean says whether nothing is wrong, everything could be judged, and nothing waits that nobody works on.
func (r *Report) Clean() bool {
	return !r.refuted() && r.Unauditable == 0 && (r.Pending == 0 || r.Running && !r.Stalled)
}

// refuted says whether something is wrong, as opposed to not known.
func (r *Report) refuted() bool {
	return r.Lost+r.Diverged+r.BadMarks+r.MissingLetters+r.Vague > 0
}

func (r *Report) problem(format string, args ...any) {
	if !r.isFull() {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}
