package traceio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// reports is a file of the OwnTracks Recorder (.rec): a line has the time at which a message was received, its kind and
// the message, with tabs between. A location is a row, at its own time (tst); speeds are in km/h. What else a phone
// sends is counted. See https://owntracks.org/booklet/tech/json/.
type reports struct {
	lines
	tracks  []string       // tracker ids (tid), from 1
	numbers map[string]int // of them
	others  int
}

type location struct {
	Type string   `json:"_type"`
	TID  string   `json:"tid"`
	At   *float64 `json:"tst"`
	Lat  *float64 `json:"lat"`
	Lon  *float64 `json:"lon"`
	Alt  *float64 `json:"alt"`
	Vel  *float64 `json:"vel"`
	Cog  *float64 `json:"cog"`
	Acc  *float64 `json:"acc"`
}

func (r *reports) trackNames() []string { return append([]string{""}, r.tracks...) }

func (r *reports) notes() []string {
	if r.others == 0 {
		return nil
	}
	return []string{fmt.Sprintf("messages of other kinds than location, passed over: %d", r.others)}
}

func (r *reports) row() (Row, error) {
	for {
		line, err := r.next()
		if errors.Is(err, errLong) {
			return Row{line: r.line, Err: err}, nil
		}
		if err != nil {
			return Row{}, err
		}
		row, other := r.report(line)
		if other {
			r.others++
			continue
		}
		row.line = r.line
		if row.Err != nil && r.torn {
			row.Err = errTorn
		}
		return row, nil
	}
}

func (r *reports) report(line []byte) (row Row, other bool) {
	cells := bytes.SplitN(line, []byte{'\t'}, 3)
	if len(cells) < 3 {
		return Row{Err: errors.New("is no message of the Recorder: time, kind and JSON, with tabs between")}, false
	}
	var l location
	if err := json.Unmarshal(cells[2], &l); err != nil {
		return Row{Err: fmt.Errorf("the message is not one of OwnTracks: %w", mismatch(err))}, false
	}
	switch {
	case l.Type != "location":
		return Row{}, true
	case l.Lat == nil || l.Lon == nil:
		return Row{Err: errors.New("the location has no lat and lon")}, false
	}
	at := string(bytes.TrimSpace(cells[0]))
	if l.At != nil {
		at = strconv.FormatFloat(*l.At, 'f', -1, 64)
	}
	row = place(at, 0, *l.Lat, *l.Lon)
	f := &row.Fix
	f.Alt, f.Heading, f.Accuracy = or(l.Alt), or(l.Cog), or(l.Acc)
	f.Speed = or(l.Vel) / 3.6
	row.track = r.track(l.TID)
	return row, false
}

// track is the number of a tracker id.
func (r *reports) track(tid string) int {
	if tid = strings.TrimSpace(tid); tid == "" {
		return 0
	}
	n, known := r.numbers[tid]
	if !known {
		if r.numbers == nil {
			r.numbers = map[string]int{}
		}
		r.tracks = append(r.tracks, tid)
		n = len(r.tracks)
		r.numbers[tid] = n
	}
	return n
}
