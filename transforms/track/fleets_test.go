package track

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"
	"time"

	"argos"
)

// fleet reads a set of polled vehicles: columns by index, vehicle by vehicle, in the file's order.
func fleet(t *testing.T, file, layout string, id, at, lat, lon int) map[string][]argos.Record {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Skipf("no recorded fleet here: %v", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]argos.Record{}
	for _, line := range lines[1:] {
		ts, err := time.Parse(layout, line[at])
		x, err1 := strconv.ParseFloat(line[lat], 64)
		y, err2 := strconv.ParseFloat(line[lon], 64)
		if err != nil || err1 != nil || err2 != nil {
			continue
		}
		r := argos.Record{Fix: argos.NewFix(line[id], ts.UnixMilli(), x, y), Recv: ts.UnixMilli()}
		out[line[id]] = append(out[line[id]], r)
	}
	return out
}

// moves folds a vehicle's records and counts the steps of its life, fixes newer than all before, and how many of them
// moved the document on to their time. After a silence of five minutes the first fixes only start it again.
func moves(rs []argos.Record) (steps, moved int, doc argos.Truck) {
	var tr Track
	newest, since := int64(0), 0
	for i := range rs {
		tr.Fold(&rs[i], pos(i))
		tr.Fill(&doc)
		dt := rs[i].Time - newest
		if dt <= 0 || rs[i].Lat == 0 {
			continue
		}
		newest = rs[i].Time
		if since++; dt > 300_000 {
			since = 1
		}
		if since > agreeing {
			steps++
			if doc.Time == rs[i].Time {
				moved++
			}
		}
	}
	return steps, moved, doc
}

func TestSlowFleetsMove(t *testing.T) {
	dir := traces(t)
	trucks := fleet(t, filepath.Join(dir, "trucks-jerseycity", "positions_poll_order.csv"), "2006-01-02T15:04:05", 1, 2, 3, 4)
	buses := fleet(t, filepath.Join(dir, "buses-capmetro", "2016-12-16.csv"), time.RFC3339, 0, 1, 5, 6)
	for _, rs := range buses { // the file is sorted by trip
		sort.SliceStable(rs, func(i, j int) bool { return rs[i].Time < rs[j].Time })
	}
	for name, vehicles := range map[string]map[string][]argos.Record{"trucks": trucks, "buses": buses} {
		var steps, moved int
		var sum argos.Truck
		for _, rs := range vehicles {
			s, m, d := moves(rs)
			steps, moved = steps+s, moved+m
			sum.Rev, sum.Fixes, sum.Duplicates, sum.Late, sum.Rejected = sum.Rev+d.Rev, sum.Fixes+d.Fixes, sum.Duplicates+d.Duplicates, sum.Late+d.Late, sum.Rejected+d.Rejected
		}
		t.Logf("%s: %d vehicles, %d records: %d fixes, %d duplicates, %d late, %d rejected; %d of %d steps moved the document",
			name, len(vehicles), sum.Rev, sum.Fixes, sum.Duplicates, sum.Late, sum.Rejected, moved, steps)
		if moved < steps*99/100 || sum.Rejected > sum.Fixes/50 {
			t.Errorf("%s: only %d of %d steps moved the document, %d fixes, %d rejected", name, moved, steps, sum.Fixes, sum.Rejected)
		}
	}
}
