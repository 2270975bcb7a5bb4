package evaluate_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/evaluate"
)

// written is a feed's file, read.
func written(t *testing.T, text string) evaluate.Feed {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	feed, err := evaluate.ReadFeed(dir)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

// Polled rows came when they were polled, by a clock that is five hours ahead.
func TestReadPolledFeed(t *testing.T) {
	feed := written(t, "poll,vehicle_id,time_local,lat,lon\n"+
		"121015-090100,7,2015-12-10T04:00:30,40.5,-74.5\n"+
		"121015-090100,8,2014-12-10T04:00:30,40.5,-74.5\n"+ // of an old clock: the gateway would refuse it
		"121015-090200,9,2015-12-10T04:03:30,40.5,-74.5\n"+ // 90 s ahead: refused, too
		"121015-090200,7,2015-12-10T04:01:30,40.6,-74.5\n")
	if len(feed.Records) != 2 || len(feed.Refused) != 2 || !strings.HasPrefix(feed.Refused[0].Error(), "line 3: ") {
		t.Fatalf("%+v", feed)
	}
	r := feed.Records[1]
	at := time.Date(2015, 12, 10, 4, 1, 30, 0, time.UTC).UnixMilli()
	if r.TruckID != "7" || r.Time != at || r.Recv != at+30_000 || r.Lat != 40.6 || r.Recorded || !math.IsNaN(r.Speed) {
		t.Errorf("%+v", r)
	}
}

// A row that is older than one before of its vehicle came after that one.
func TestReadGroupedFeed(t *testing.T) {
	feed := written(t, "vehicle_id,timestamp,speed,latitude,longitude\n"+
		"1,2016-12-16T05:10:00-06:00,5.5,30.1,-97.1\n"+
		"2,2016-12-16T05:05:00-06:00,,30.1,-97.1\n"+
		"1,2016-12-16T05:05:00-06:00,0,30.1,-97.1\n")
	if len(feed.Records) != 3 || len(feed.Refused) != 0 {
		t.Fatalf("%+v", feed)
	}
	first, other, late := feed.Records[0], feed.Records[1], feed.Records[2]
	at := time.Date(2016, 12, 16, 11, 10, 0, 0, time.UTC).UnixMilli()
	if first.Speed != 5.5 || first.Time != at || first.Recv != at {
		t.Errorf("first: %+v", first)
	}
	if other.Recv != other.Time || !math.IsNaN(other.Speed) || late.Recv != first.Recv || late.Time != other.Time {
		t.Errorf("others: %+v %+v", other, late)
	}
	sorted := feed.ByTime()
	got := sorted.Records
	if got[0].TruckID != "2" || got[1].Speed != 0 || got[1].Recv != got[1].Time || got[2].Speed != 5.5 {
		t.Errorf("by time: %+v", got)
	}
}

func TestReadFeedRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"a,b\n1,2\n": "its columns are a,b; known are vehicle_id,",
		"":           "the header: EOF",
	} {
		file := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := evaluate.ReadFeed(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := evaluate.ReadFeed(t.TempDir()); err == nil || !strings.Contains(err.Error(), "0 CSV files") {
		t.Error(err)
	}
}

// report is one that came a second after its time, in seconds from the start.
func report(truck string, second int64, lat, lon float64) argos.Record {
	at := start + second*1000
	return argos.Record{Fix: argos.NewFix(truck, at, lat, lon), Recv: at + 1000}
}

// A vehicle that stands is where it says; its repeats are duplicates, what is at 0, 0 is no place, and another
// vehicle's rows between its own are no matter of its.
func TestFeedOfStandingVehicles(t *testing.T) {
	var feed evaluate.Feed
	for s := int64(0); s < 600; s += 60 {
		feed.Records = append(feed.Records, report("A", s, 10, 20), report("B", s, 50, 60), report("A", s, 10, 20))
	}
	feed.Records = append(feed.Records, report("A", 600, 0, 0))
	r := feed.Measure()
	if r.Rows != 31 || r.Vehicles != 2 || r.New != 20 || r.WrongTime != 0 {
		t.Errorf("%+v", r)
	}
	if r.Far != 0 || r.Largest > 1 || r.Within3 != 1 {
		t.Errorf("%+v", r)
	}
	all := r.Statuses.Tentative + r.Statuses.Moving + r.Statuses.Stopped
	if !near(r.Duplicates, 10./31) || r.Late != 0 || !near(all, 1) {
		t.Errorf("%+v", r)
	}
	if len(r.Worst) != 10 || r.Worst[0].Off < r.Worst[9].Off {
		t.Errorf("worst: %+v", r.Worst)
	}
	hourly := feed.Thin(5 * time.Minute)
	if got := hourly.Measure(); got.Rows != 5 || got.New != 4 {
		t.Errorf("thinned: %+v", got)
	}
}

// A jump of 11 km within a second is not believed at once: one document far from its report, and none of another time,
// for the time goes on with it. What is told of it is which vehicle, when, and how far.
func TestFeedFarOff(t *testing.T) {
	var feed evaluate.Feed
	for s := range int64(60) {
		feed.Records = append(feed.Records, report("A", s, 10, 20))
	}
	feed.Records = append(feed.Records, report("A", 60, 10.1, 20))
	r := feed.Measure()
	worst := r.Worst[0]
	if r.Far != 1 || math.Abs(float64(r.Largest)-11_061) > 10 || !near(r.Within3, 60./61) || worst.Off != r.Largest ||
		worst.Vehicle != "A" || worst.Time.UnixMilli() != start+60_000 {
		t.Errorf("%+v", r)
	}
	var table bytes.Buffer
	r.Print(&table)
	if !strings.Contains(table.String(), "> 200 m from the report: 1, 1.64 %; largest 1106") {
		t.Error(table.String())
	}
}

// What a filter can't use it does not answer: until the next report the document speaks of another time.
func TestFeedOfWrongTime(t *testing.T) {
	feed := evaluate.Feed{Records: []argos.Record{
		report("A", 0, 10, 20), report("A", 60, 91, 20), report("B", 60, 10, 20), report("A", 180, 10, 20),
	}}
	if r := feed.Measure(); !near(r.WrongTime, 2) || r.New != 4 || r.Far != 1 {
		t.Errorf("%+v", r)
	}
}

// Whatever a feed's file holds: each record is one that the gateway would take.
func FuzzReadFeed(f *testing.F) {
	f.Add("poll,vehicle_id,time_local,lat,lon\n121015-090100,7,2015-12-10T04:00:30,40.5,-74.5\n")
	f.Add("vehicle_id,timestamp,speed,latitude,longitude\n1,2016-12-16T05:10:00-06:00,5.5,30.1,-97.1\n1,x,-1,91,\n")
	f.Add("vehicle_id,timestamp,speed,latitude,longitude\n\"1\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "feed.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		feed, err := evaluate.ReadFeed(file)
		if err != nil {
			return
		}
		for _, r := range feed.Records {
			if err := errors.Join(r.Check(), r.CheckClock(r.Recv, time.Minute)); err != nil {
				t.Error(err)
			}
		}
		feed.Measure()
	})
}
