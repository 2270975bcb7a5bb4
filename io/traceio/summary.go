package traceio

import (
	"fmt"
	"io"
)

// Summary is what became of the rows of a file.
type Summary struct {
	Name  string // the drive's
	File  string
	Rows  int64
	Notes []string // see Reader.Notes
	Refusals

	Folded                            bool  // the rest is known
	Fixes, Duplicates, Late, Rejected int64 // as in argos.Truck, of all trucks of the file

	Failed error // the file could not be read
}

// Count takes in a row.
func (s *Summary) Count(r *Row) {
	s.Rows++
	if r.Err != nil {
		s.Add(r.Err)
	}
}

// Err says why nothing of the file could be used; nil when something could.
func (s *Summary) Err() error {
	if s.Failed != nil {
		return s.Failed
	}
	return s.unusable(s.File, s.Rows)
}

// Plus adds the numbers of another file.
func (s *Summary) Plus(o *Summary) {
	s.Rows += o.Rows
	s.rows += o.rows
	s.Folded = s.Folded || o.Folded
	s.Fixes += o.Fixes
	s.Duplicates += o.Duplicates
	s.Late += o.Late
	s.Rejected += o.Rejected
}

// Counts says in a line what became of the rows.
func (s *Summary) Counts() string {
	if !s.Folded {
		return fmt.Sprintf("%d rows, %d of them refused", s.Rows, s.rows)
	}
	return fmt.Sprintf("%d rows: %d used, %d duplicate, %d late, %d rejected, %d refused",
		s.Rows, s.Fixes, s.Duplicates, s.Late, s.Rejected, s.rows)
}

// Print writes what became of the file: a line of numbers, and the details; or else why nothing could be used.
func (s *Summary) Print(w io.Writer) {
	if err := s.Err(); err != nil {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", s.Name, s.Counts())
	s.Details(w)
}

// Details writes a line for each note and each reason for a refusal.
func (s *Summary) Details(w io.Writer) {
	for _, note := range s.Notes {
		fmt.Fprintf(w, "  %s\n", note)
	}
	const most = 10
	reasons := s.Reasons()
	for _, reason := range reasons[:min(len(reasons), most)] {
		fmt.Fprintf(w, "  %s\n", reason)
	}
	if more := len(reasons) - most; more > 0 {
		fmt.Fprintf(w, "  and %d more reasons\n", more)
	}
}
