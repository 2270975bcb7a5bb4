package traceio

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Refusals groups what was wrong with rows by its reason.
type Refusals struct {
	byReason map[string]*Refusal
	rows     int64
}

// Refusal is one reason for which rows were refused.
type Refusal struct {
	Rows  int64
	First error // of the first row
	order int
}

// maxReasons bounds the reasons that are told apart.
const maxReasons = 100

// particular is what differs between rows that are refused for one reason.
var particular = regexp.MustCompile(`"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|[-+]?[0-9][0-9.:TZ]*`)

// Add takes in the Err of a row.
func (r *Refusals) Add(err error) {
	r.rows++
	reason := particular.ReplaceAllString(reasonOf(err).Error(), "#")
	one, known := r.byReason[reason]
	if !known && len(r.byReason) >= maxReasons {
		reason = "another reason"
		one, known = r.byReason[reason]
	}
	if !known {
		if r.byReason == nil {
			r.byReason = map[string]*Refusal{}
		}
		one = &Refusal{First: err, order: len(r.byReason)}
		r.byReason[reason] = one
	}
	one.Rows++
}

// Refused is how many rows were refused.
func (r *Refusals) Refused() int64 { return r.rows }

// Reasons are the reasons, that of the most rows first.
func (r *Refusals) Reasons() []Refusal {
	all := make([]Refusal, 0, len(r.byReason))
	for _, one := range r.byReason {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.order, b.order))
	})
	return all
}

// String says in a line how many rows were refused, where the first one is, and why.
func (r Refusal) String() string {
	rows, at := "1 row", "at"
	if r.Rows > 1 {
		rows, at = fmt.Sprintf("%d rows", r.Rows), "first at"
	}
	var one *RowError
	if !errors.As(r.First, &one) {
		return fmt.Sprintf("%s refused: %v", rows, r.First)
	}
	return fmt.Sprintf("%s refused, %s %s: %v", rows, at, one.Place, one.Err)
}

// unusable is the error of a file of which each row was refused; nil when some were not.
func (r *Refusals) unusable(file string, rows int64) error {
	if r.rows < rows || rows == 0 {
		return nil
	}
	reasons := r.Reasons()
	err := reasonOf(reasons[0].First)
	if len(reasons) == 1 {
		return fmt.Errorf("trace %s: none of its %d rows can be used: %w", file, rows, err)
	}
	return fmt.Errorf("trace %s: none of its %d rows can be used, %d of them for this reason: %w",
		file, rows, reasons[0].Rows, err)
}

func reasonOf(err error) error {
	var one *RowError
	if errors.As(err, &one) {
		return one.Err
	}
	return err
}
