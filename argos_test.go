package argos_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"pgregory.net/rapid"

	"argos"
)

func TestPartitionAgreesWithKafkaClients(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[A-Za-z0-9._:-]{1,64}`).Draw(t, "id")
		n := rapid.IntRange(1, 64).Draw(t, "partitions")
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		want := kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: []byte(id)}, all...)
		if got := argos.PartitionOf(id, n); got != want {
			t.Fatalf("PartitionOf(%q, %d) = %d, kafka-go says %d", id, n, got, want)
		}
		for _, m := range []int{1, 4, 16} {
			if s := argos.ShardOf(id, n*m); s%n != want {
				t.Fatalf("shard %d of %d is fed by partition %d, not %d", s, n*m, s%n, want)
			}
		}
	})
}

func TestFixCheck(t *testing.T) {
	good := argos.NewFix("T-17", 1_700_000_000_123, 51.9, 4.5)
	for name, c := range map[string]struct {
		change func(*argos.Fix)
		says   string
	}{
		"good":        {func(*argos.Fix) {}, ""},
		"poles":       {func(f *argos.Fix) { f.Lat, f.Lon = -90, 180 }, ""},
		"empty id":    {func(f *argos.Fix) { f.TruckID = "" }, "truck_id is empty"},
		"long id":     {func(f *argos.Fix) { f.TruckID = strings.Repeat("x", 65) }, "truck_id has 65 bytes"},
		"blank in id": {func(f *argos.Fix) { f.TruckID = "T 17" }, "truck_id has the character ' '"},
		"lat 91":      {func(f *argos.Fix) { f.Lat = 91 }, "lat 91"},
		"lat NaN":     {func(f *argos.Fix) { f.Lat = math.NaN() }, "lat NaN"},
		"lon inf":     {func(f *argos.Fix) { f.Lon = math.Inf(-1) }, "lon -Inf"},
		"year 2100":   {func(f *argos.Fix) { f.Time = 4_102_444_800_000 }, "outside 1970 to 2100"},
		"speed":       {func(f *argos.Fix) { f.Speed = -1 }, "speed -1"},
		"speed inf":   {func(f *argos.Fix) { f.Speed = math.Inf(1) }, "speed +Inf"},
		"heading":     {func(f *argos.Fix) { f.Heading = 361 }, "heading 361"},
		"hdop":        {func(f *argos.Fix) { f.HDOP = -2 }, "hdop -2"},
		"seq":         {func(f *argos.Fix) { f.Seq = -2 }, "seq -2"},
		"attrs":       {func(f *argos.Fix) { f.Attrs = make([]byte, 1025) }, "attrs has 1025 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			f := good
			c.change(&f)
			expect(t, f.Check(), c.says)
		})
	}
}

// What receivers say instead of "unknown" is unknown, and what can be meant stays as it is.
func TestForgetUnknown(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct{ speed, heading, accuracy, hdop, alt, want float64 }{
		"a phone that stands":   {-1, -1, -1, -1, -32768, nan},
		"AIS":                   {1023, 511, -2147473, 9999, -99999, nan},
		"no fix":                {math.Inf(1), 361, 0, 99.99, math.Inf(-1), nan},
		"nothing":               {nan, nan, nan, 0, nan, nan},
		"all that can be meant": {1, 1, 1, 1, 1, 1},
	} {
		f := argos.NewFix("T-17", 1_700_000_000_123, 51.9, 4.5)
		f.Speed, f.Heading, f.Accuracy, f.HDOP, f.Alt = c.speed, c.heading, c.accuracy, c.hdop, c.alt
		f.ForgetUnknown()
		for i, x := range [...]float64{f.Speed, f.Heading, f.Accuracy, f.HDOP, f.Alt} {
			if x != c.want && !(math.IsNaN(x) && math.IsNaN(c.want)) {
				t.Errorf("%s: quantity %d is %v, want %v", name, i, x, c.want)
			}
		}
		if err := f.Check(); err != nil || f.Lat != 51.9 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	edges := argos.NewFix("T-17", 1_700_000_000_123, 51.9, 4.5)
	edges.Speed, edges.Heading, edges.Accuracy, edges.HDOP, edges.Alt = 0, 360, argos.MaxAccuracy, argos.MaxHDOP, argos.MinAlt
	kept := edges
	kept.ForgetUnknown()
	if kept.Speed != 0 || kept.Heading != 360 || kept.Accuracy != argos.MaxAccuracy || kept.HDOP != argos.MaxHDOP ||
		kept.Alt != argos.MinAlt {
		t.Errorf("%+v became %+v", edges, kept)
	}
}

func TestCheckClock(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at   time.Time
		says string
	}{
		"now":               {now, ""},
		"59 s ahead":        {now.Add(59 * time.Second), ""},
		"61 s ahead":        {now.Add(61 * time.Second), "1m1s ahead"},
		"2099":              {time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), "ahead of the gateway's clock"},
		"a week back":       {now.AddDate(0, 0, -7), ""},
		"2014":              {time.Date(2014, 12, 31, 0, 0, 0, 0, time.UTC), "before 2015"},
		"1024 weeks":        {now.AddDate(0, 0, -7*1024), "rolled over"},
		"1024 weeks, later": {now.AddDate(0, 0, -7*1024).Add(time.Hour), "rolled over"},
	} {
		t.Run(name, func(t *testing.T) {
			f := argos.NewFix("T", c.at.UnixMilli(), 0, 0)
			expect(t, f.CheckClock(now.UnixMilli(), time.Minute), c.says)
		})
	}
}

func expect(t *testing.T, err error, says string) {
	t.Helper()
	switch {
	case says == "" && err != nil:
		t.Errorf("refused: %v", err)
	case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
		t.Errorf("says %v, want %q", err, says)
	case says != "" && !errors.Is(err, argos.ErrBadFix):
		t.Errorf("%v does not wrap ErrBadFix", err)
	}
}

func TestBox(t *testing.T) {
	pacific := argos.Box{West: 170, South: -20, East: -170, North: 0}
	for _, c := range []struct {
		box      argos.Box
		lat, lon float64
		in       bool
	}{
		{argos.Box{West: 4, South: 51, East: 5, North: 52}, 51, 4, true},
		{argos.Box{West: 4, South: 51, East: 5, North: 52}, 51.5, 5.1, false},
		{pacific, -10, 179, true},
		{pacific, -10, -179, true},
		{pacific, -10, 0, false},
		{pacific, math.NaN(), math.NaN(), false},
	} {
		if got := c.box.Contains(argos.LatLon{Lat: c.lat, Lon: c.lon}); got != c.in {
			t.Errorf("%v contains %v,%v: %v", c.box, c.lat, c.lon, got)
		}
	}
	for _, bad := range []argos.Box{{West: -181}, {South: 2, North: 1}, {North: 91}, {East: math.NaN()}} {
		if bad.Check() == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestRefusalContains(t *testing.T) {
	at := func(rev, next int64, epoch int32) (int64, argos.Pos) { return rev, argos.Pos{Epoch: epoch, Next: next} }
	for name, c := range map[string]struct {
		stored, ours func() (int64, argos.Pos)
		want         bool
	}{
		"a replay":                 {func() (int64, argos.Pos) { return at(7, 70, 0) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, true},
		"an older one":             {func() (int64, argos.Pos) { return at(9, 90, 0) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, true},
		"another epoch":            {func() (int64, argos.Pos) { return at(9, 2, 1) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, true},
		"same rev, other prefix":   {func() (int64, argos.Pos) { return at(7, 71, 0) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, false},
		"higher rev, same prefix":  {func() (int64, argos.Pos) { return at(8, 70, 0) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, false},
		"higher rev, lower prefix": {func() (int64, argos.Pos) { return at(8, 60, 0) }, func() (int64, argos.Pos) { return at(7, 70, 0) }, false},
	} {
		var r argos.Refusal
		var d argos.Truck
		r.Rev, r.Pos = c.stored()
		d.Rev, d.Pos = c.ours()
		if r.Contains(&d) != c.want {
			t.Errorf("%s: contained %v", name, !c.want)
		}
	}
}
