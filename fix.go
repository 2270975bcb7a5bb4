package argos

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// NoSeq is the sequence number of a fix whose sender did not number it.
const NoSeq = -1

// Fix is one position report as a truck sent it. A quantity that was not reported, or reported as unknown, is NaN.
type Fix struct {
	TruckID  string
	Time     int64   // ms since the Unix epoch, by the truck's clock
	Lat, Lon float64 // WGS 84 degrees
	Speed    float64 // m/s over ground
	Heading  float64 // degrees clockwise from north, the direction of motion
	Accuracy float64 // m, horizontal, as the receiver claims it
	HDOP     float64 // horizontal dilution of precision
	Alt      float64 // m above the ellipsoid or the sea, as reported; kept, never used
	Valid    bool    // false: the receiver says that it has no fix; counted, never used
	Seq      int64   // the sender's own number, or NoSeq
	Attrs    []byte  // canonical JSON of a flat object, or nil; opaque
}

// NewFix returns a valid fix with the four required fields; all others are "not reported".
func NewFix(truckID string, timeMs int64, lat, lon float64) Fix {
	nan := math.NaN()
	return Fix{
		TruckID: truckID, Time: timeMs, Lat: lat, Lon: lon,
		Speed: nan, Heading: nan, Accuracy: nan, HDOP: nan, Alt: nan,
		Valid: true, Seq: NoSeq,
	}
}

// Record is a fix as the log holds it.
type Record struct {
	Fix
	Recv     int64 // ms since the Unix epoch: when the gateway took the fix in
	Recorded bool  // from a recording: Time has nothing to do with Recv
}

// Limits of a fix. An id or attrs beyond them are refused to the sender; a quantity beyond them is unknown. Neither is
// stored.
const (
	MaxTruckID  = 64      // bytes
	MaxAttrs    = 1024    // bytes of canonical JSON
	MaxSpeed    = 1000    // m/s
	MaxAccuracy = 1e6     // m
	MaxHDOP     = 99      // receivers that do not know it say 99.9 or 99.99
	MinAlt      = -20_000 // m; least-squares fixes wander far below the ground
	MaxAlt      = 100_000 // m
)

// ErrBadFix is what every refusal of Check and CheckClock wraps.
var ErrBadFix = errors.New("bad fix")

var (
	minTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxTime = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	// minLive is the oldest time that a live fix may claim: no telematics device in service is older.
	minLive = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	// weekRollover is the period of the 10-bit GPS week number: a receiver that lost count is exactly so far behind.
	weekRollover = (1024 * 7 * 24 * time.Hour).Milliseconds()
	dayMs        = (24 * time.Hour).Milliseconds()
)

// Check says whether every field is one that a truck can mean. The error wraps ErrBadFix and names the field.
func (f *Fix) Check() error {
	if err := CheckTruckID(f.TruckID); err != nil {
		return err
	}
	if f.Time < minTime || f.Time >= maxTime {
		return fmt.Errorf("%w: ts %d is outside 1970 to 2100", ErrBadFix, f.Time)
	}
	if !(f.Lat >= -90 && f.Lat <= 90) {
		return fmt.Errorf("%w: lat %v is outside -90 to 90", ErrBadFix, f.Lat)
	}
	if !(f.Lon >= -180 && f.Lon <= 180) {
		return fmt.Errorf("%w: lon %v is outside -180 to 180", ErrBadFix, f.Lon)
	}
	for _, q := range f.quantities() {
		if *q.v < q.min || *q.v > q.max {
			return fmt.Errorf("%w: %s %v is outside %v to %v", ErrBadFix, q.name, *q.v, q.min, q.max)
		}
	}
	if f.Seq < NoSeq {
		return fmt.Errorf("%w: seq %d is negative", ErrBadFix, f.Seq)
	}
	if len(f.Attrs) > MaxAttrs {
		return fmt.Errorf("%w: attrs has %d bytes, at most %d are kept", ErrBadFix, len(f.Attrs), MaxAttrs)
	}
	return nil
}

// quantity is what a fix may tell beyond its position, and the range in which it can be meant.
type quantity struct {
	name     string
	v        *float64
	min, max float64
}

func (f *Fix) quantities() [5]quantity {
	return [...]quantity{
		{"speed", &f.Speed, 0, MaxSpeed},
		{"heading", &f.Heading, 0, 360},
		{"accuracy", &f.Accuracy, 0, MaxAccuracy},
		{"hdop", &f.HDOP, 0, MaxHDOP},
		{"alt", &f.Alt, MinAlt, MaxAlt},
	}
}

// ForgetUnknown makes NaN of each quantity that cannot be meant. Receivers and phones say so that they do not know it:
// speed and course -1, course 511 (AIS), altitude -32768, accuracy -1 or 0, HDOP 99.99. The position is none the worse
// for it.
func (f *Fix) ForgetUnknown() {
	for _, q := range f.quantities() {
		if *q.v < q.min || *q.v > q.max {
			*q.v = math.NaN()
		}
	}
	if f.Accuracy == 0 {
		f.Accuracy = math.NaN()
	}
	if f.HDOP == 0 {
		f.HDOP = math.NaN()
	}
}

// CheckTruckID accepts 1 to MaxTruckID letters, digits and "._:-": names that are safe in a URL, a log line, a file
// name and a Kafka key.
func CheckTruckID(id string) error {
	if id == "" {
		return fmt.Errorf("%w: truck_id is empty", ErrBadFix)
	}
	if len(id) > MaxTruckID {
		return fmt.Errorf("%w: truck_id has %d bytes, at most %d are allowed", ErrBadFix, len(id), MaxTruckID)
	}
	for _, c := range id {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == ':', c == '-':
		default:
			return fmt.Errorf(
				"%w: truck_id has the character %q; letters, digits and . _ : - are allowed",
				ErrBadFix,
				c,
			)
		}
	}
	return nil
}

// CheckClock judges a live fix's clock against the gateway's. Recordings are not judged: their times are their own.
func (f *Fix) CheckClock(recv int64, maxFuture time.Duration) error {
	behind := recv - f.Time
	switch {
	case -behind > maxFuture.Milliseconds():
		return fmt.Errorf("%w: ts is %v ahead of the gateway's clock, at most %v is allowed",
			ErrBadFix, (time.Duration(-behind) * time.Millisecond).Round(time.Second), maxFuture)
	case behind > weekRollover-dayMs && behind < weekRollover+dayMs:
		return fmt.Errorf("%w: ts is 1024 weeks back: the receiver's GPS week number has rolled over", ErrBadFix)
	case f.Time < minLive:
		return fmt.Errorf("%w: ts %d is before 2015", ErrBadFix, f.Time)
	}
	return nil
}
