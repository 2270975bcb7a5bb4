package traceio

import (
	"math"
	"strings"
	"testing"

	"argos"
)

// march is 2026-03-13T10:00:00Z, of which no other order of day and month is a date.
const march13 = 1_773_396_000_000

// TestTables has a table of each kind that people have, and what its first row says.
func TestTables(t *testing.T) {
	type is func(*argos.Fix)
	speed := func(x float64) is { return func(f *argos.Fix) { f.Speed = x } }
	alt := func(x float64) is { return func(f *argos.Fix) { f.Alt = x } }
	heading := func(x float64) is { return func(f *argos.Fix) { f.Heading = x } }
	accuracy := func(x float64) is { return func(f *argos.Fix) { f.Accuracy = x } }
	invalid := func(f *argos.Fix) { f.Valid = false }
	truck := func(id string) is { return func(f *argos.Fix) { f.TruckID = id } }
	south := func(f *argos.Fix) { f.Lat, f.Lon = -51.5, -4.25 }
	at := func(ms int64) is { return func(f *argos.Fix) { f.Time = ms } }
	for name, c := range map[string]struct {
		text    string
		columns string
		want    []is
	}{
		"a logger's date and time, hemispheres, units, validity and last comma": {
			"INDEX,RCR,DATE,TIME,VALID,LATITUDE,N/S,LONGITUDE,E/W,HEIGHT,SPEED,HEADING,\n" +
				"1,T,2026/03/13,10:00:00.000,SPS,51.5,S,4.25,W,98.470 m,54.0 km/h,90.0\n",
			"",
			[]is{south, alt(98.47), speed(15), heading(90)},
		},
		"no fix": {"DATE,TIME,VALID,LAT,LON\n2026/03/13,10:00:00,No fix,51.5,4.25\n", "", []is{invalid}},
		"void": {
			"utc,status,lat,lon\n2026-03-13 10:00:00,V,51.5,4.25\n2026-03-13 10:00:01,A,51.5,4.25\n",
			"",
			[]is{invalid},
		},
		"hhmmss, yymmdd": {
			"INDEX,TAG,DATE,TIME,LATITUDE N/S,LONGITUDE E/W\n1,T,260313,100000,51.5S,4.25W\n",
			"",
			[]is{south},
		},
		"ddmmyy is told by the file": {
			"date,time,lat,lon\n130326,100000,51.5,4.25\n310326,100000,51.5,4.25\n010426,100000,51.5,4.25\n", "date=date:dmy", nil,
		},
		"zeros lost": {
			"date,time,lat,lon\n20260313,93000,51.5,4.25\n",
			"",
			[]is{at(march13 - 1_800_000)},
		},
		"the date last in its column": {"time,lat,lon,date\n10:00:00,51.5,4.25,13.03.2026\n", "", nil},
		"half a day":                  {"Date,Time,lat,lon\n46094,0.4166666667,51.5,4.25\n", "", nil},
		"midnight and day 0": {
			"Date,Time,lat,lon\n2026-03-13 00:00:00,1899-12-30 10:00:00,51.5,4.25\n",
			"", nil,
		},
		"days of a spreadsheet":  {"time;lat;lon\n46094,4166666667;51,5;4,25\n46095;51,5;4,25\n", "", nil},
		"days, in a zone":        {"time,lat,lon\n46094.4583333333,51.5,4.25\n", "time=time:Europe/Berlin", nil},
		"the whole in the date":  {"Date,lat,lon\n2026-03-13 10:00,51.5,4.25\n", "", nil},
		"the date is not needed": {"Date,Timestamp,lat,lon\n2020-01-01,1773396000,51.5,4.25\n", "", nil},
		"month first": {
			"time,lat,lon\n03/13/2026 10:00:00 AM,51.5,4.25\n03/04/2026 10:00 AM,51.5,4.25\n",
			"", nil,
		},
		"day first, told by the user": {
			"time,lat,lon\n12/03/2026 10:00:00,51.5,4.25\n",
			"date=time:dmy",
			[]is{at(march13 - 86_400_000)},
		},
		"month first, told": {
			"time,lat,lon\n12/03/2026 10:00:00,51.5,4.25\n",
			"date=time:mdy",
			[]is{at(1_796_292_000_000)},
		},
		"a day in either order": {
			"time,lat,lon\n03/03/2026 10:00:00,51.5,4.25\n",
			"",
			[]is{at(march13 - 10*86_400_000)},
		},
		"digits of a calendar":       {"time,lat,lon\n20260313100000,51.5,4.25\n", "", nil},
		"minutes of a calendar":      {"time,lat,lon\n202603131000,51.5,4.25\n", "", nil},
		"milliseconds of a calendar": {"time,lat,lon\n20260313100000250,51.5,4.25\n", "", []is{at(march13 + 250)}},
		"the fix before the server": {
			"serverTime,deviceTime,fixTime,lat,lon\n1,2,1773396000000,51.5,4.25\n",
			"", nil,
		},
		"an empty time column": {"fixTime,serverTime,lat,lon\n,1773396000000,51.5,4.25\n", "", nil},
		"a zone's letters":     {"time,lat,lon\n2026-03-13 10:00:00 UTC,51.5,4.25\n", "", nil},
		"letters of a zone that is told": {
			"time,lat,lon\n2026-03-13 11:00:00 CET,51.5,4.25\n", "time=time:Europe/Berlin", nil,
		},
		"E7": {
			"timestampMs,latitudeE7,longitudeE7,accuracy\n1773396000000,515000000,42500000,12\n",
			"",
			[]is{accuracy(12)},
		},
		"E7, mapped":          {"t,a,b\n1773396000000,515000000,42500000\n", "time=t,lat=a:e7,lon=b:e7", nil},
		"comma in quotes":     {"time,lat,lon\n1773396000,\"51,5\",\"4,25\"\n", "", nil},
		"thousands":           {"time,lat,lon,alt\n1773396000,51.5,4.25,\"1,234.5\"\n", "", []is{}},
		"comma for thousands": {"time;lat;lon;alt\n1773396000;51,5;4,25;12,345\n", "", []is{alt(12.345)}},
		"units": {
			"time,lat,lon,speed,alt\n1773396000,51.5,4.25,30 mph,100 ft\n",
			"",
			[]is{speed(13.4112), alt(30.48)},
		},
		"knots":                  {"time,lat,lon,speed\n1773396000,51.5,4.25,36 kn\n", "", []is{speed(18.52)}},
		"a unit in the header":   {"time,lat,lon,speed_kmh\n1773396000,51.5,4.25,36\n", "", []is{speed(10)}},
		"the cell's unit counts": {"time,lat,lon,speed_kmh\n1773396000,51.5,4.25,10 m/s\n", "", []is{speed(10)}},
		"sep=":                   {"sep=;\ntime;lat;lon\n1773396000;51.5;4.25\n", "", nil},
		"remarks before the header": {
			"# exported by a tool, of a tracker\n# 2026, all rights, none\ntime,lat,lon\n1773396000,51.5,4.25\n", "", nil,
		},
		"the header is a remark": {"# time,lat,lon\n1773396000,51.5,4.25\n", "", nil},
		"a title": {
			"Report of a week;;\nDriver: nobody;;\nTime;Lat;Lon\n1773396000;51.5;4.25\n",
			"", nil,
		},
		"separator in quotes": {"\"Speed, km/h\";time;lat;lon\n36;1773396000;51.5;4.25\n", "", []is{speed(10)}},
		"address in quotes": {
			"time,address,lat,lon\n1773396000,\"Main St 1, Town, \"\"NL\"\"\",51.5,4.25\n",
			"", nil,
		},
		"two names of no use": {"time,lat,lon,x,x,,\n1773396000,51.5,4.25,1,2,,\n", "", nil},
		"T-Drive's way": {
			"8,2026-03-13 10:00:00,116.50000,39.90000\n8,2026-03-13 10:10:00,116.40000,39.90000\n",
			"",
			[]is{truck("8"), func(f *argos.Fix) { f.Lat, f.Lon = 39.9, 116.5 }},
		},
		"no header, by number": {
			"8;4,25;51,5;1773396000\n8;4,25;51,5;1773396010\n",
			"lat=3,lon=2,time=4",
			[]is{truck("8")},
		},
		"the position alone": {
			"time,lat,lon,speed,course,alt,accuracy,hdop\n1773396000,51.5,4.25,-1,511,-32768,-1,99.99\n",
			"", nil,
		},
		"words for unknown": {
			"time,lat,lon,speed,course,alt,accuracy,hdop\n1773396000,51.5,4.25,null,NaN,N/A,\\N,-\n",
			"", nil,
		},
		"a quantity that is none": {
			"time,lat,lon,speed\n1773396000,51.5,4.25,fast\n", "", nil,
		},
	} {
		var columns []string
		if c.columns != "" {
			columns = append(columns, c.columns)
		}
		rows, notes, err := readAll(driveOf(t, "a.csv", c.text, columns...))
		if err != nil || len(rows) == 0 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
			continue
		}
		want := argos.NewFix("set_d", march13, 51.5, 4.25)
		want.Seq = 0
		for _, is := range c.want {
			is(&want)
		}
		if got := rows[0]; got.Err != nil || !near(&got.Fix, &want) {
			t.Errorf("%s: %+v, %v\nwant %+v\n%s", name, got.Fix, got.Err, want, notes)
		}
	}
}

func TestDoubtsAreCounted(t *testing.T) {
	_, notes, err := readAll(
		driveOf(
			t,
			"a.csv",
			"time,lat,lon,speed,alt,valid\n1773396000,51.5,4.25,fast,\"1,234\",1\n1773396001,51.5,4.25,faster,7,1\n1773396002,51.5,4.25,5,7,maybe\n",
		),
	)
	for _, says := range []string{
		`the speed was taken as unknown in 2 rows, which do not say it clearly: first in line 2, "fast"`,
		`the alt was taken as unknown in 1 rows, which do not say it clearly: first in line 2, "1,234"`,
		`the valid was taken as unknown in 1 rows, which do not say it clearly: first in line 4, "maybe"`,
	} {
		if err != nil || !strings.Contains(notes, says) {
			t.Errorf("%v, %s\nwant %s", err, notes, says)
		}
	}
}

func TestSpeedIsKept(t *testing.T) { // what is known of a row stays beside what is not
	rows, _, err := readAll(driveOf(t, "a.csv", "time,lat,lon,speed,heading\n1773396000,51.5,4.25,12.5,361\n"))
	if err != nil || rows[0].Fix.Speed != 12.5 || !math.IsNaN(rows[0].Fix.Heading) {
		t.Fatal(rows, err)
	}
}
