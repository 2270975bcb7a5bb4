package traceio

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"argos"
)

// Clean is what a filter says at one row of a drive, or at a time between rows. What is not known is NaN.
type Clean struct {
	TMs      string // the row's own
	Time     int64  // ms: what the rest speaks of
	Lat, Lon float64
	Speed    float64 // m/s
	Heading  float64 // degrees
	Sigma    float64 // m, per axis
	Status   argos.Status
	Refused  bool // the row was no fix: the rest is as it was
	Begins   bool // a gap lies before it
	Aside    bool // belongs to no stretch of the drive: an answer to its row, no place on the track
}

// CleanFormats are the formats in which clean tracks are written, each also the end of its files' names.
var CleanFormats = []string{"csv", "geojson", "gpx"}

// CleanWriter writes one truck's clean track. Close writes what is still to come, not the file below.
type CleanWriter interface {
	Write(c *Clean) error
	Close() error
}

// NewCleanWriter writes a track in one of CleanFormats. A CSV has one row a row of the drive; the others the positions that are
// known, in the order of time, once each, in pieces where there are gaps.
func NewCleanWriter(to io.Writer, format, name string) (CleanWriter, error) {
	out := bufio.NewWriter(to)
	switch format {
	case "csv":
		_, err := out.WriteString("t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status\n")
		return &cleanCSV{out: out}, err
	case "geojson":
		return &pieces{out: out, name: name, encode: geoJSON}, nil
	case "gpx":
		return &pieces{out: out, name: name, encode: gpx}, nil
	}
	return nil, fmt.Errorf("clean tracks are not written as %q", format)
}

// cleanCSV writes t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status. What is not known is empty; numbers have as many digits
// as it takes to read the same ones back.
type cleanCSV struct {
	out *bufio.Writer
	row []byte
}

func (w *cleanCSV) Write(c *Clean) error {
	status := c.Status.String()
	if c.Refused {
		status = "refused"
	}
	b := w.row[:0]
	b = append(b, c.TMs...)
	for _, x := range [...]float64{c.Lat, c.Lon, c.Speed, c.Heading, c.Sigma} {
		b = append(b, ',')
		if !math.IsNaN(x) {
			b = strconv.AppendFloat(b, x, 'f', -1, 64)
		}
	}
	b = append(b, ',')
	b = append(b, status...)
	b = append(b, '\n')
	w.row = b
	_, err := w.out.Write(b)
	return err
}

func (w *cleanCSV) Close() error { return w.out.Flush() }

// pieces gathers a track, for it is to be in the order of time.
type pieces struct {
	out    *bufio.Writer
	name   string
	points []Clean
	encode func(to io.Writer, name string, pieces [][]Clean) error
}

func (w *pieces) Write(c *Clean) error {
	if !c.Refused && !c.Aside && !math.IsNaN(c.Lat) {
		w.points = append(w.points, *c)
	}
	return nil
}

func (w *pieces) Close() error {
	slices.SortStableFunc(w.points, func(a, b Clean) int { return cmp.Compare(a.Time, b.Time) })
	// Of several that speak of one time the last one knows most.
	last := w.points[:0]
	for i, p := range w.points {
		if n := len(last); i > 0 && last[n-1].Time == p.Time {
			p.Begins = p.Begins || last[n-1].Begins
			last[n-1] = p
			continue
		}
		last = append(last, p)
	}
	var all [][]Clean
	for i, p := range last {
		// A line that crosses the antimeridian is cut there (RFC 7946, 3.1.9).
		if i == 0 || p.Begins || math.Abs(p.Lon-last[i-1].Lon) > 180 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	if err := w.encode(w.out, w.name, all); err != nil {
		return err
	}
	return w.out.Flush()
}
