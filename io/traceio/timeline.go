package traceio

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// timeline is what Google's Timeline exports: Records.json of Takeout (locations), or the file that a phone writes, of
// Android (semanticSegments with timelinePath, and rawSignals with position) or of iOS (a list with timelinePath). Each
// position is a row; they come in the order of time, for a phone's file has them in two lists. What else there is
// (visits, activities, scans) is counted.
type timeline struct {
	document *document
	pieces   int
	tracks   []string       // devices, from 1
	numbers  map[string]int // of them
	others   int
	rows     []Row
	read     bool
}

func newTimeline(in *bufio.Reader) *timeline {
	return &timeline{
		document: newDocument(in, []string{"locations", "semanticSegments", "rawSignals"}, nil),
		numbers:  map[string]int{},
	}
}

func (t *timeline) trackNames() []string { return append([]string{""}, t.tracks...) }

func (t *timeline) notes() []string {
	if t.others == 0 {
		return nil
	}
	return []string{fmt.Sprintf("entries without positions (visits, activities, scans), passed over: %d", t.others)}
}

func (t *timeline) row() (Row, error) {
	if !t.read {
		if err := t.all(); err != nil {
			return Row{}, err
		}
		t.read = true
	}
	if len(t.rows) == 0 {
		return Row{}, io.EOF
	}
	r := t.rows[0]
	t.rows = t.rows[1:]
	return r, nil
}

// all reads the file. What is refused comes first.
func (t *timeline) all() error {
	for {
		_, piece, err := t.document.next()
		if err == nil && piece == nil {
			continue
		}
		t.pieces++
		if err != nil {
			last, err := endOfDocument(err, t.pieces)
			if err == nil {
				t.rows = append(t.rows, last)
			} else if !errors.Is(err, io.EOF) {
				return err
			}
			slices.SortStableFunc(t.rows, func(a, b Row) int { return cmp.Compare(a.Fix.Time, b.Fix.Time) })
			return nil
		}
		var e entry
		if err := json.Unmarshal(piece, &e); err != nil {
			t.add(Row{Err: fmt.Errorf("is not what Google writes: %w", mismatch(err))})
			continue
		}
		t.entry(&e)
	}
}

// entry is one of any of the lists.
type entry struct {
	// Of locations.
	LatE7       *float64        `json:"latitudeE7"`
	LonE7       *float64        `json:"longitudeE7"`
	Accuracy    *float64        `json:"accuracy"`
	Altitude    *float64        `json:"altitude"`
	Velocity    *float64        `json:"velocity"` // m/s
	Heading     *float64        `json:"heading"`
	TimestampMs json.RawMessage `json:"timestampMs"` // a number, mostly as a text
	Timestamp   string          `json:"timestamp"`
	Device      json.RawMessage `json:"deviceTag"`
	// Of semanticSegments, and of the list of iOS.
	Start string      `json:"startTime"`
	Path  []pathPoint `json:"timelinePath"`
	// Of rawSignals.
	Position *struct {
		LatLng    string   `json:"LatLng"`
		Accuracy  *float64 `json:"accuracyMeters"`
		Altitude  *float64 `json:"altitudeMeters"`
		Speed     *float64 `json:"speedMetersPerSecond"`
		Timestamp string   `json:"timestamp"`
	} `json:"position"`
}

// entry makes rows of an entry.
func (t *timeline) entry(e *entry) {
	switch {
	case e.LatE7 != nil && e.LonE7 != nil:
		at := e.Timestamp
		if ms := unquoted(e.TimestampMs); ms != "" {
			at = ms
		}
		r := place(at, 0, degreesE7(*e.LatE7, 90), degreesE7(*e.LonE7, 180))
		r.Fix.Accuracy, r.Fix.Alt = or(e.Accuracy), or(e.Altitude)
		r.Fix.Speed, r.Fix.Heading = or(e.Velocity), or(e.Heading)
		r.track = t.device(unquoted(e.Device))
		t.add(r)
	case e.Position != nil:
		lat, lon, err := latLng(e.Position.LatLng)
		if err != nil {
			t.add(Row{Err: err})
			return
		}
		r := place(e.Position.Timestamp, 0, lat, lon)
		r.Fix.Accuracy, r.Fix.Alt, r.Fix.Speed = or(e.Position.Accuracy), or(e.Position.Altitude), or(e.Position.Speed)
		t.add(r)
	case len(e.Path) > 0:
		for _, p := range e.Path {
			lat, lon, err := latLng(p.Point)
			if err != nil {
				t.add(Row{Err: err})
				continue
			}
			t.add(p.row(e.Start, lat, lon))
		}
	case e.LatE7 != nil || e.LonE7 != nil:
		t.add(Row{Err: errors.New("the location has not both latitudeE7 and longitudeE7")})
	default:
		t.others++
	}
}

// pathPoint is a position of a segment, at a time of its own, or so many minutes after the segment's start.
type pathPoint struct {
	Point   string          `json:"point"`
	Time    string          `json:"time"`
	Minutes json.RawMessage `json:"durationMinutesOffsetFromStartTime"` // a number, mostly as a text
}

func (p *pathPoint) row(start string, lat, lon float64) Row {
	if p.Time != "" {
		return place(p.Time, 0, lat, lon)
	}
	r := place(start, 0, lat, lon)
	if text := unquoted(p.Minutes); r.Err == nil && text != "" {
		minutes, err := number(text)
		if err != nil || math.Abs(minutes) > 1e6 {
			return Row{Err: fmt.Errorf("durationMinutesOffsetFromStartTime %.40q is no number of minutes", text)}
		}
		r.at(r.Fix.Time + int64(minutes*60_000))
	}
	return r
}

func (t *timeline) add(r Row) {
	r.line = t.pieces
	t.rows = append(t.rows, r)
}

// device is the number of a device's tag.
func (t *timeline) device(tag string) int {
	if tag == "" {
		return 0
	}
	n, known := t.numbers[tag]
	if !known {
		t.tracks = append(t.tracks, tag)
		n = len(t.tracks)
		t.numbers[tag] = n
	}
	return n
}
