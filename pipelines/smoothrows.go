package pipelines

import (
	"errors"
	"io"
	"iter"

	"argos"
	"argos/io/traceio"
	"argos/transforms/track"
)

// CountFolded counts what the live filter makes of the rows of a truck.
func CountFolded(s *traceio.Summary, rows []traceio.Row) {
	var t track.Track
	var doc argos.Truck
	for i := range rows {
		if r := &rows[i]; r.Err == nil {
			t.Fold(&argos.Record{Fix: r.Fix, Recorded: true}, argos.Pos{Next: int64(r.N) + 1})
		}
	}
	t.Fill(&doc)
	s.Fixes += doc.Fixes
	s.Duplicates += doc.Duplicates
	s.Late += doc.Late
	s.Rejected += doc.Rejected
}

// rows reads a drive to its end, and counts.
func rows(t *tallied, in *traceio.Reader) iter.Seq2[traceio.Row, error] {
	return func(yield func(traceio.Row, error) bool) {
		var counted int64
		count := func() { t.bytes.Add(in.Bytes() - counted); counted = in.Bytes() }
		defer count()
		for n := 0; ; n++ {
			row, err := in.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if n%1024 == 0 {
				count()
				err = errors.Join(err, t.err())
			}
			if err == nil {
				t.rows.Add(1)
				if row.Err != nil {
					t.refused.Add(1)
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func each(rows []traceio.Row) iter.Seq2[traceio.Row, error] {
	return func(yield func(traceio.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
