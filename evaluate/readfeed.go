package evaluate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"argos"
)

// feedFormat says where a feed has what a fix needs. Times that name no zone are taken for UTC.
type feedFormat struct {
	vehicle, time, lat, lon string
	layout                  string
	speed                   string // m/s; "": not reported
	// poll is when the row was fetched; "": when it came is not told, and it is taken to have come at once, or, when it
	// is older than one before of its vehicle, with that one.
	poll, pollLayout string
	pollAhead        time.Duration // of the poller's clock before the vehicles'
}

var feedFormats = []feedFormat{
	// Jersey City's trucks: the poller's clock is in UTC, the vehicles' in Eastern time, in winter.
	{
		vehicle: "vehicle_id", time: "time_local", lat: "lat", lon: "lon", layout: "2006-01-02T15:04:05",
		poll: "poll", pollLayout: "010206-150405", pollAhead: 5 * time.Hour,
	},
	// Capital Metro's buses.
	{vehicle: "vehicle_id", time: "timestamp", lat: "latitude", lon: "longitude", layout: time.RFC3339, speed: "speed"},
}

// columns are those that a header must have.
func (f *feedFormat) columns() []string {
	all := []string{f.vehicle, f.time, f.lat, f.lon, f.speed, f.poll}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

// ReadFeed reads the CSV file of a feed, or the only one in a folder. Its columns are those of a feed that is known.
func ReadFeed(path string) (Feed, error) {
	name := filepath.Base(path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files, err := filepath.Glob(filepath.Join(path, "*.csv"))
		if err != nil || len(files) != 1 {
			return Feed{}, fmt.Errorf("feed %s: there are %d CSV files, one is needed", path, len(files))
		}
		path = files[0]
	}
	f, err := os.Open(path)
	if err != nil {
		return Feed{}, fmt.Errorf("feed: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	feed, err := readFeed(f)
	if err != nil {
		return Feed{}, fmt.Errorf("feed %s: %w", path, err)
	}
	feed.Name = name
	return feed, nil
}

func readFeed(from io.Reader) (feed Feed, err error) {
	in := csv.NewReader(from)
	header, err := in.Read()
	if err != nil {
		return feed, fmt.Errorf("the header: %w", err)
	}
	at := slices.IndexFunc(feedFormats, func(f feedFormat) bool {
		return !slices.ContainsFunc(f.columns(), func(name string) bool { return !slices.Contains(header, name) })
	})
	if at < 0 {
		known := each(feedFormats, func(f feedFormat) string { return strings.Join(f.columns(), ",") })
		return feed, fmt.Errorf("its columns are %s; known are %s",
			strings.Join(header, ","), strings.Join(known, " and "))
	}
	format := &feedFormats[at]
	newest := map[string]int64{}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return feed, nil
		}
		if err != nil {
			return feed, err
		}
		r, err := format.record(func(name string) string { return cells[slices.Index(header, name)] }, newest)
		if err == nil {
			err = r.CheckClock(r.Recv, time.Minute)
		}
		if err != nil {
			line, _ := in.FieldPos(0)
			feed.Refused = append(feed.Refused, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		feed.Records = append(feed.Records, r)
	}
}

// record is a row's; newest has each vehicle's latest time so far, ms.
func (f *feedFormat) record(cell func(string) string, newest map[string]int64) (r argos.Record, err error) {
	at, err := time.Parse(f.layout, cell(f.time))
	if err != nil {
		return r, err
	}
	number := func(name string) float64 {
		if name == "" || cell(name) == "" {
			return math.NaN()
		}
		x, wrong := strconv.ParseFloat(cell(name), 64)
		err = errors.Join(err, wrong)
		return x
	}
	r.Fix = argos.NewFix(cell(f.vehicle), at.UnixMilli(), number(f.lat), number(f.lon))
	r.Speed = number(f.speed)
	if err := errors.Join(err, r.Check()); err != nil {
		return r, err
	}
	if f.poll != "" {
		polled, err := time.Parse(f.pollLayout, cell(f.poll))
		r.Recv = polled.Add(-f.pollAhead).UnixMilli()
		return r, err
	}
	r.Recv = max(r.Time, newest[r.TruckID])
	newest[r.TruckID] = r.Recv
	return r, nil
}
