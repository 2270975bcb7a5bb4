package main

import (
	"testing"
	"time"
)

// TestVerdict: what the looks at the store say of an outage.
func TestVerdict(t *testing.T) {
	start := time.Now()
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	for name, c := range map[string]struct {
		ages           []float64 // s, one look a second from 1 s on
		struck, mended float64
		down, recovery float64
	}{
		"nothing happened":          {[]float64{.1, .2, .1}, .5, 1.5, 0, 0},
		"an outage":                 {[]float64{.1, 1.1, 2.1, 3.1, .2, .1}, 1.5, 3.5, 3.1, .5},
		"mended, and long to come":  {[]float64{.1, 1.1, 2.1, 3.1, 2, .1}, 1.5, 2.5, 3.1, 2.5},
		"twice, of which the worst": {[]float64{.1, 4, .1, 2, .1}, .5, 2.5, 4, 1.5},
		"one before the fault":      {[]float64{9, .1, .1, .1}, 1.5, 2.5, 0, 0},
		"less than counts":          {[]float64{.1, .9, 1, .1}, .5, 1.5, 0, 0},
		"not over yet":              {[]float64{.1, 1.5, 2.5}, .5, 1.5, 2.5, 1.5},
	} {
		t.Run(name, func(t *testing.T) {
			w := &watch{fresh: fresh}
			for i, age := range c.ages {
				w.looks = append(w.looks, look{at(float64(i + 1)), time.Duration(age * float64(time.Second))})
			}
			down, recovery := w.worst(at(c.struck)), w.recovery(at(c.mended))
			if down != at(c.down).Sub(start) || recovery != at(c.recovery).Sub(start) {
				t.Errorf("down %v, want %v s; recovery %v, want %v s", down, c.down, recovery, c.recovery)
			}
		})
	}
}

// TestRowsHaveNames of their own, and --only finds each.
func TestRowsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range matrix(options{For: time.Minute}) {
		if seen[r.name] || r.what == "" || r.strike == nil {
			t.Errorf("%+v", r)
		}
		seen[r.name] = true
		if found, err := chosen(options{Only: []string{r.name}}); err != nil || len(found) != 1 || found[0].name != r.name {
			t.Errorf("%s: %v, %v", r.name, found, err)
		}
	}
	if _, err := chosen(options{Only: []string{"no-such"}}); err == nil {
		t.Error("a row that there is not was found")
	}
	if short, err := chosen(options{Short: true}); err != nil || len(short) == 0 || len(short) >= len(seen) {
		t.Errorf("%d rows of %d are the short matrix: %v", len(short), len(seen), err)
	}
}

// TestGood: duplicates are no fault; what is lost, differs or did not come back is.
func TestGood(t *testing.T) {
	for name, c := range map[string]struct {
		row       result
		all, good bool
	}{
		"clean":               {result{Acked: 9}, true, true},
		"duplicates":          {result{Acked: 9, Duplicates: 3}, true, true},
		"not run":             {result{Skipped: "not run: no Java"}, false, true},
		"not run, and wanted": {result{Skipped: "not run: no Java"}, true, false},
		"failed":              {result{Lost: 1, Failed: "audit: lost 1"}, false, false},
	} {
		r := report{Rows: []result{c.row}}
		if r.good(t.Output(), c.all) != c.good {
			t.Errorf("%s: good is %v", name, !c.good)
		}
	}
}
