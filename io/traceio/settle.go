package traceio

import (
	"fmt"
	"slices"

	"argos"
)

// RowError says why a row is no fix.
type RowError struct {
	File  string
	Place string // line 7, or record 7 where a format has no lines
	Err   error
}

func (e *RowError) Error() string { return fmt.Sprintf("trace %s %s: %v", e.File, e.Place, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// settle makes of the rows as they stand in the file what they are with all of it in sight.
func (r *Reader) settle() {
	if t, ok := r.source.(interface{ notes() []string }); ok {
		r.notes = append(r.notes, t.notes()...)
	}
	switch s := r.source.(type) {
	case *frames:
		r.named = true
	case *table:
		r.named = s.at[fieldTruck].index >= 0
	default:
		r.named = slices.ContainsFunc(r.rows, func(row Row) bool { return row.Fix.TruckID != "" })
	}
	if t, ok := r.source.(interface{ trackNames() []string }); ok && !r.named {
		if note := nameTracks(r.rows, t.trackNames()); note != "" {
			r.named = true
			r.notes = append(r.notes, note)
		}
	}
	for i := range r.rows {
		row := &r.rows[i]
		row.N = i
		if row.Err == nil {
			row.Fix.Seq = int64(i)
			if row.Fix.TruckID == "" {
				row.Fix.TruckID = r.drive.Name
			}
			row.Fix.ForgetUnknown()
			row.Err = row.Fix.Check()
		}
		if row.Err != nil {
			row.Fix = argos.Fix{TruckID: row.Fix.TruckID}
			row.Err = &RowError{r.drive.Fixes, fmt.Sprintf("%s %d", r.place, row.line), row.Err}
		}
	}
	r.notes = append(r.notes, spreadEach(r.rows, r.named)...)
}

// spreadEach spreads the rows of each truck.
func spreadEach(rows []Row, named bool) (notes []string) {
	if !named {
		if note := spread(rows); note != "" {
			notes = append(notes, note)
		}
		return notes
	}
	var ids []string
	of := map[string][]int{}
	for i := range rows {
		if rows[i].Err != nil {
			continue
		}
		id := rows[i].Fix.TruckID
		if _, known := of[id]; !known {
			ids = append(ids, id)
		}
		of[id] = append(of[id], i)
	}
	for _, id := range ids {
		own := make([]Row, len(of[id]))
		for k, i := range of[id] {
			own[k] = rows[i]
		}
		note := spread(own)
		if note == "" {
			continue
		}
		notes = append(notes, id+": "+note)
		for k, i := range of[id] {
			rows[i] = own[k]
		}
	}
	return notes
}
