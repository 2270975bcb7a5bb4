package traceio

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A clock that is cut to seconds or minutes is put right to within one step of the rows.
func TestCoarseClocksAreSpread(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]int64{1000, 60_000}).Draw(rt, "unit")
		usual := rapid.IntRange(2, 20).Draw(rt, "rows of one")
		step := unit / int64(usual)
		start := int64(march13) + rapid.Int64Range(0, unit).Draw(rt, "start")
		var rows []Row
		n := rapid.IntRange(usual*4, usual*12).Draw(rt, "rows")
		for i := range n {
			rows = append(rows, rowAt(start+int64(i)*step, float64(i)))
		}
		var want []int64
		for i := range rows {
			want = append(want, rows[i].Fix.Time)
			rows[i].Fix.Time -= rows[i].Fix.Time % unit
		}
		u, of := coarseness(rows)
		if u != unit || of < usual-1 || of > usual+1 {
			rt.Fatalf("unit %d of %d rows, want %d of %d", u, of, unit, usual)
		}
		spread(rows, u, of)
		for i, r := range rows {
			if d := r.Fix.Time - want[i]; d > 2*step || -d > 2*step || i > 0 && r.Fix.Time <= rows[i-1].Fix.Time {
				rt.Fatalf("row %d of %d at %d, %d off", i, n, r.Fix.Time, d)
			}
		}
	})
}

func rowAt(ms int64, north float64) (r Row) {
	r.Fix.TruckID, r.Fix.Time, r.Fix.Lat, r.Fix.Lon = "set_d", ms, 51+north*1e-5, 4.25
	return r
}

// What is not the work of a coarse clock stays as it is, and what shares a time is said.
func TestOtherClocksAreLeft(t *testing.T) {
	for name, c := range map[string]struct {
		row  func(i int) (s, place int)
		says string
	}{
		"a row a second": {func(i int) (int, int) { return i, i }, ""},
		"each row twice": {func(i int) (int, int) { return i / 2, i / 2 }, ""},
		"a wrong one here and there": {
			func(i int) (int, int) { return i - i%9/8, i },
			"have the time of the one before, and another place",
		},
		"two rows, ten seconds": {
			func(i int) (int, int) { return i / 2 * 10, i },
			"20 of 40 fixes have the time of the one before",
		},
		"a clock that stands": {func(i int) (int, int) { return 7, i }, "39 of 40"},
		"five a second": {
			func(i int) (int, int) { return i / 5, i },
			"its clock tells whole seconds, of some 5 rows each: 32 of its 40 rows were spread",
		},
		"five a minute": {
			func(i int) (int, int) { return i / 5 * 60, i },
			"its clock tells whole minutes, of some 5 rows each: 32 of its 40 rows",
		},
		"five a second, all double": {
			func(i int) (int, int) { return i / 10, i / 2 },
			"its clock tells whole seconds",
		},
	} {
		var text strings.Builder
		text.WriteString("time,lat,lon\n")
		for i := range 40 {
			s, place := c.row(i)
			fmt.Fprintf(&text, "%d,%.5f,4.25\n", march13/1000/60*60+s, 51+float64(place)*1e-4)
		}
		rows, notes, err := readAll(driveOf(t, "a.csv", text.String()))
		if err != nil || len(rows) != 40 || !strings.Contains(notes, c.says) || c.says == "" && notes != "" {
			t.Errorf("%s: %d rows, %v, %q", name, len(rows), err, notes)
		}
		for i, r := range rows {
			if r.N != i || r.TMs != fmt.Sprint(r.Fix.Time) {
				t.Errorf("%s: row %d is %+v", name, i, r)
			}
			if strings.Contains(name, "double") && i%2 == 1 && r.Fix.Time != rows[i-1].Fix.Time {
				t.Errorf("%s: row %d is no duplicate any more", name, i)
			}
		}
	}
}

// Two trucks whose rows come in turn have each its own groups.
func TestCoarseClocksOfTwoTrucks(t *testing.T) {
	var text strings.Builder
	text.WriteString("truck,time,lat,lon\n")
	for i := range 60 {
		fmt.Fprintf(&text, "T%d,%d,%.5f,%d\n", i%2, march13/1000+i/8, 51+float64(i)*1e-4, i%2)
	}
	rows, notes, err := readAll(driveOf(t, "a.csv", text.String()))
	if err != nil || !strings.Contains(notes, "of some 4 rows each") {
		t.Fatal(notes, err)
	}
	last := map[string]int64{}
	for i, r := range rows {
		if last[r.Fix.TruckID] != 0 && r.Fix.Time-last[r.Fix.TruckID] != 250 {
			t.Errorf("row %d comes %d ms after", i, r.Fix.Time-last[r.Fix.TruckID])
		}
		last[r.Fix.TruckID] = r.Fix.Time
	}
}
