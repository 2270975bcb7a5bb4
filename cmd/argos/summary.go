package main

import (
	"errors"
	"fmt"
	"io"

	"argos/io/traceio"
)

// printSummaries tells what became of each of several files, and then of all of which something could be used.
func printSummaries(w io.Writer, done string, files []*traceio.Summary) {
	var all traceio.Summary
	var used []*traceio.Summary
	for _, s := range files {
		if s.Err() == nil {
			used = append(used, s)
			all.Plus(s)
		}
		if len(files) > 1 {
			s.Print(w)
		}
	}
	if len(used) == 0 {
		return
	}
	fmt.Fprintf(w, "%s: %s\n", done, all.Counts())
	if len(files) == 1 {
		used[0].Details(w)
	}
}

// readDrive reads all of a file. The summary's Err says if nothing of it can be used.
func readDrive(d traceio.Drive) (rows []traceio.Row, s *traceio.Summary) {
	s = &traceio.Summary{Name: d.Name, File: d.Fixes}
	in, err := traceio.Open(d)
	if err != nil {
		s.Failed = err
		return nil, s
	}
	defer in.Close()
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.Failed = err
			return nil, s
		}
		s.Count(&row)
		rows = append(rows, row)
	}
	s.Notes = in.Notes()
	return rows, s
}
