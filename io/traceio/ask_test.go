package traceio

import (
	"strings"
	"testing"
)

// TestTablesThatAsk: what cannot be told is asked, in one sentence that has the text in question and a way to answer.
func TestTablesThatAsk(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		columns string
		says    []string
	}{
		"a time of day": {
			"time,lat,lon\n10:00:00,51.5,4.25\n",
			"",
			[]string{"column time has a time of day alone", "10:00:00", "--columns date=COLUMN"},
		},
		"hhmmss": {
			"time,lat,lon\n100058,51.5,4.25\n100059,51.5,4.25\n",
			"",
			[]string{"column time", `"100058"`, "1970", "hhmmss", "date=COLUMN"},
		},
		"yyyymmdd": {
			"time,lat,lon\n20260313,51.5,4.25\n",
			"",
			[]string{`"20260313"`, "1970", "yyyymmdd", "time=COLUMN,date=time"},
		},
		"yymmdd": {"time,lat,lon\n260313,51.5,4.25\n", "", []string{`"260313"`, "1970"}},
		"yymmddhhmm": {
			"time,lat,lon\n2603131000,51.5,4.25\n",
			"",
			[]string{`"2603131000"`, "yymmddhhmm", "time=time:s"},
		},
		"yymmddhhmmss": {"time,lat,lon\n260313100000,51.5,4.25\n", "", []string{`"260313100000"`, "1978"}},
		"whole days": {
			"time,lat,lon\n46094,51.5,4.25\n",
			"",
			[]string{`"46094"`, "the number of a day without a time of day"},
		},
		"a date": {
			"date,lat,lon\n2026-03-13,51.5,4.25\n",
			"",
			[]string{"column date has a date alone", "time=COLUMN,date=date"},
		},
		"seconds since boot": {
			"t_ms,lat,lon\n1000,51.5,4.25\n2000,51.5,4.25\n",
			"",
			[]string{"column t_ms", `"1000"`, "1970", "t_ms:rel"},
		},
		"1979": {
			"time,lat,lon\n1979-12-31T10:00:00Z,51.5,4.25\n",
			"",
			[]string{"1979", "before there was GPS"},
		},
		"day or month": {
			"time,lat,lon\n03/04/2026 10:00:00,51.5,4.25\n",
			"",
			[]string{`"03/04/2026 10:00:00"`, "date=time:dmy or date=time:mdy"},
		},
		"day or year": {
			"Date,Time,lat,lon\n100326,10:00:00,51.5,4.25\n",
			"",
			[]string{`"100326"`, "date=Date:ymd or date=Date:dmy"},
		},
		"letters of some zone": {
			"time,lat,lon\n2026-03-13 10:00:00 CST,51.5,4.25\n",
			"",
			[]string{"CST", "a zone", "time=COLUMN:"},
		},
		"no latitude": {"time;y;lon\n1;2;3\n", "", []string{"semicolons", `"time,y,lon"`, "lat=COLUMN"}},
		"no time":     {"lat\tlon\n2\t3\n", "", []string{"tabs", `"lat,lon"`, "time=COLUMN"}},
		"no header": {
			"1,2026-03-13 10:00:00,4.25000,51.50000\n",
			"",
			[]string{"without a header", `"1,2026-03-13 10:00:00,4.25000,51.50000"`, "lat=4,lon=3"},
		},
		"no header, by name": {
			"1,2026-03-13 10:00:00,4.25000,51.50000\n",
			"lat=Breite",
			[]string{"has no header", "must be the number"},
		},
		"no such column":  {"time,lat,lon\n1,2,3\n", "lat=Breite", []string{`"time,lat,lon"`, "no column Breite"}},
		"no table at all": {"%PDF-1.7 binary\nand so on\n", "", []string{"%PDF-1.7 binary", "read as a table"}},
	} {
		var columns []string
		if c.columns != "" {
			columns = append(columns, c.columns)
		}
		d := driveOf(t, "a.csv", c.text, columns...)
		_, err := Open(d)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		for _, says := range append(c.says, d.Fixes) {
			if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want %q", name, err, says)
			}
		}
	}
	// What the user said is not asked again.
	for _, columns := range []string{"time=time:s", "time=time:rel"} {
		if rows, _, err := readAll(driveOf(t, "a.csv", "time,lat,lon\n100058,51.5,4.25\n", columns)); err != nil ||
			rows[0].Err != nil {
			t.Errorf("%s: %+v, %v", columns, rows, err)
		}
	}
}

// A day that tells the order of all may come after what is looked at first.
func TestTheOrderOfDatesIsThatOfTheWholeFile(t *testing.T) {
	var text strings.Builder
	text.WriteString("time,lat,lon\n")
	for text.Len() < 2*sampleSize {
		text.WriteString("03/04/2026 10:00:00,51.5,4.25\n")
	}
	text.WriteString("13/04/2026 10:00:00,51.5,4.25\n")
	rows, _, err := readAll(driveOf(t, "a.csv", text.String()))
	if err != nil || rows[0].Err != nil || rows[0].Fix.Time != 1_775_210_400_000 {
		t.Fatalf("%+v, %v", rows[0], err)
	}
}

// A few rows of 1970, which receivers have before their first fix, make no file of 1970.
func TestAClockThatWasNotSetYet(t *testing.T) {
	rows, _, err := readAll(
		driveOf(
			t,
			"a.csv",
			"time,lat,lon\n0,51.5,4.25\n1,51.5,4.25\n1773396000,51.5,4.25\n1773396001,51.5,4.25\n1773396002,51.5,4.25\n",
		),
	)
	if err != nil || len(rows) != 5 || rows[2].Fix.Time != march13 {
		t.Fatal(rows, err)
	}
}
