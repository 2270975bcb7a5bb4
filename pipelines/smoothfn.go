package pipelines

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"argos"
	"argos/io/traceio"
	"argos/transforms/smooth"
	"argos/transforms/track"
)

// smoothFn cleans one file of drives an element. It has no state: an element that comes again is done again.
type smoothFn struct {
	Job, Out, Format string
	Causal           bool
	EveryMs          int64
}

// ProcessElement reads a file, and writes what is made of each truck in it. A row that is no fix would be refused by
// the gateway: it never comes into the log, but has its row in the results. A file of which nothing can be used has no
// results, and is told where this process counts; elsewhere nobody would hear of it, so that it fails the job.
func (f *smoothFn) ProcessElement(ctx context.Context, d traceio.Drive) error {
	t := tallyOf(ctx, f.Job)
	s, err := f.file(t, d)
	if err == nil && t.nobodys {
		err = s.Err()
	}
	if err != nil {
		return err
	}
	t.file(s)
	return nil
}

// file cleans a file.
func (f *smoothFn) file(t *tallied, d traceio.Drive) (*traceio.Summary, error) {
	in, err := traceio.Open(d)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	s := &traceio.Summary{Name: d.Name, File: d.Fixes, Folded: true}
	var names []string
	trucks := map[string][]traceio.Row{}
	for row, err := range rows(t, in) {
		if err != nil {
			return nil, err
		}
		s.Count(&row)
		name := d.Name
		if in.Named() {
			if row.Fix.TruckID == "" {
				continue // nobody's
			}
			name += "_" + row.Fix.TruckID
		}
		if _, known := trucks[name]; !known {
			names = append(names, name)
		}
		trucks[name] = append(trucks[name], row)
	}
	if s.Notes = in.Notes(); s.Err() != nil {
		return s, nil
	}
	how := f.smoothed
	if f.Causal {
		how = causal
	}
	for _, name := range names {
		own := trucks[name]
		delete(trucks, name)
		CountFolded(s, own)
		if err := f.write(t, name, each(own), how); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// way makes clean rows of the rows of one truck.
type way func(rows iter.Seq2[traceio.Row, error], write func(*traceio.Clean) error) error

// write lets one truck's rows be cleaned into its file, which gets its name when it is whole.
func (f *smoothFn) write(t *tallied, name string, rows iter.Seq2[traceio.Row, error], how way) (err error) {
	defer func() {
		if err != nil && t.err() == nil {
			err = fmt.Errorf("write what drive %s is cleaned to: %w", name, err)
		}
	}()
	out, err := t.create(f.Out, "."+f.Job+".*"+partial)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			t.discard(out)
		}
	}()
	w, err := traceio.NewCleanWriter(out, f.Format, name)
	if err != nil {
		return err
	}
	if err := how(rows, w.Write); err != nil {
		return err
	}
	if err := errors.Join(w.Close(), out.Chmod(0o644), out.Close()); err != nil {
		return err
	}
	return t.settle(out, filepath.Join(f.Out, name+"."+f.Format))
}

// causal folds the rows of a truck as the live pipeline would its records, and writes the document after each.
func causal(rows iter.Seq2[traceio.Row, error], write func(*traceio.Clean) error) error {
	var t track.Track
	var doc argos.Truck
	t.Fill(&doc)
	was := argos.Tentative
	for row, err := range rows {
		if err != nil {
			return err
		}
		if row.Err == nil {
			was = doc.Status
			t.Fold(&argos.Record{Fix: row.Fix, Recorded: true}, argos.Pos{Next: int64(row.N) + 1})
			t.Fill(&doc)
		}
		if err := write(&traceio.Clean{
			TMs: row.TMs, Time: doc.Time, Lat: doc.Lat, Lon: doc.Lon, Speed: doc.Speed, Heading: doc.Heading, Sigma: doc.Accuracy,
			Status: doc.Status, Refused: row.Err != nil, Begins: was != argos.Tentative && doc.Status == argos.Tentative,
		}); err != nil {
			return err
		}
	}
	return nil
}

// smoothed estimates a truck's drive as a whole. A row of which it says nothing repeats the one before, as causal does.
func (f *smoothFn) smoothed(rows iter.Seq2[traceio.Row, error], write func(*traceio.Clean) error) error {
	var all []answer
	var records []argos.Record
	for row, err := range rows {
		if err != nil {
			return err
		}
		if all = append(all, answer{row.TMs, row.Err != nil}); row.Err == nil {
			records = append(records, argos.Record{Fix: row.Fix, Recorded: true})
		}
	}
	drive := smooth.Drive(records)
	if f.EveryMs > 0 {
		return steady(drive, records, f.EveryMs, write)
	}
	nan := math.NaN()
	c := traceio.Clean{Lat: nan, Lon: nan, Speed: nan, Heading: nan, Sigma: nan}
	i, last := 0, int64(0)
	for _, row := range all {
		c.Begins, c.Aside = false, true
		if !row.refused {
			if e, ok := drive.Row(i); ok {
				c = clean(&e)
				_, on := drive.At(e.Time)
				if c.Aside = !on; on {
					_, joined := drive.At(last + (e.Time-last)/2)
					c.Begins, last = !joined, e.Time
				}
			}
			i++
		}
		c.TMs, c.Refused = row.tMs, row.refused
		if err := write(&c); err != nil {
			return err
		}
	}
	return nil
}

// answer is what a row's answer repeats of it.
type answer struct {
	tMs     string
	refused bool
}

// steady writes the estimates of a drive at each multiple of so many ms that lies in one of its stretches.
func steady(drive *smooth.Smoothed, records []argos.Record, every int64, write func(*traceio.Clean) error) error {
	var times []int64
	for _, r := range records {
		if _, ok := drive.At(r.Time); ok {
			times = append(times, r.Time)
		}
	}
	slices.Sort(times)
	begins := false
	for i, from := range times {
		to := from // the last one has nothing after it
		if i+1 < len(times) {
			to = times[i+1] - 1
			if _, joined := drive.At(from + (to-from)/2); !joined {
				to = from
				begins = true
			}
		}
		for ms := (from + every - 1) / every * every; ms <= to; ms += every {
			e, ok := drive.At(ms)
			if !ok {
				continue
			}
			c := clean(&e)
			c.TMs, c.Begins = strconv.FormatInt(ms, 10), begins && ms > from
			if begins && ms > from {
				begins = false
			}
			if err := write(&c); err != nil {
				return err
			}
		}
	}
	return nil
}

func clean(e *smooth.Estimate) traceio.Clean {
	return traceio.Clean{
		Time: e.Time, Lat: e.Lat, Lon: e.Lon, Speed: e.Speed, Heading: e.Heading, Sigma: e.Accuracy, Status: e.Status,
	}
}
