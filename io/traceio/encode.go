package traceio

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"time"
)

// stamp is a time as both formats have it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// known is nil where a quantity is not.
func known(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

type feature struct {
	Type       string     `json:"type"`
	Properties properties `json:"properties"`
	Geometry   struct {
		Type        string `json:"type"`
		Coordinates any    `json:"coordinates"`
	} `json:"geometry"`
}

// properties has a list each with one element a position.
type properties struct {
	Name    string     `json:"name"`
	Times   []string   `json:"times"`
	Speed   []*float64 `json:"speed_mps"`
	Heading []*float64 `json:"heading_deg"`
	Sigma   []*float64 `json:"sigma_m"`
	Status  []string   `json:"status"`
}

// geoJSON writes a FeatureCollection (RFC 7946) with a LineString a piece, or a Point where it is one.
func geoJSON(to io.Writer, name string, pieces [][]Clean) error {
	all := struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{"FeatureCollection", []feature{}}
	for _, piece := range pieces {
		f := feature{Type: "Feature", Properties: properties{Name: name}}
		p := &f.Properties
		var at [][2]float64
		for _, c := range piece {
			at = append(at, [2]float64{c.Lon, c.Lat})
			p.Times, p.Status = append(p.Times, stamp(c.Time)), append(p.Status, c.Status.String())
			p.Speed, p.Heading = append(p.Speed, known(c.Speed)), append(p.Heading, known(c.Heading))
			p.Sigma = append(p.Sigma, known(c.Sigma))
		}
		f.Geometry.Type, f.Geometry.Coordinates = "LineString", at
		if len(at) == 1 {
			f.Geometry.Type, f.Geometry.Coordinates = "Point", at[0]
		}
		all.Features = append(all.Features, f)
	}
	return json.NewEncoder(to).Encode(all)
}

type gpxFile struct {
	XMLName xml.Name  `xml:"gpx"`
	NS      string    `xml:"xmlns,attr"`
	TPX     string    `xml:"xmlns:gpxtpx,attr"`
	Argos   string    `xml:"xmlns:argos,attr"`
	Version string    `xml:"version,attr"`
	Creator string    `xml:"creator,attr"`
	Name    string    `xml:"trk>name"`
	Pieces  []segment `xml:"trk>trkseg"`
}

type segment struct {
	Points []written `xml:"trkpt"`
}

type written struct {
	Lat     float64  `xml:"lat,attr"`
	Lon     float64  `xml:"lon,attr"`
	Time    string   `xml:"time"`
	Speed   *float64 `xml:"extensions>gpxtpx:TrackPointExtension>gpxtpx:speed"`
	Heading *float64 `xml:"extensions>gpxtpx:TrackPointExtension>gpxtpx:course"`
	Sigma   *float64 `xml:"extensions>argos:sigma_m"`
	Status  string   `xml:"extensions>argos:status"`
}

// gpx writes GPX 1.1 with a segment a piece; speed and course are where Garmin's devices have them.
func gpx(to io.Writer, name string, pieces [][]Clean) error {
	f := gpxFile{
		NS:      "http://www.topografix.com/GPX/1/1",
		TPX:     "http://www.garmin.com/xmlschemas/TrackPointExtension/v2",
		Argos:   "urn:argos",
		Version: "1.1", Creator: "argos", Name: name,
	}
	for _, piece := range pieces {
		var s segment
		for _, c := range piece {
			s.Points = append(s.Points, written{c.Lat, c.Lon, stamp(c.Time), known(c.Speed), known(c.Heading), known(c.Sigma), c.Status.String()})
		}
		f.Pieces = append(f.Pieces, s)
	}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(to)
	e.Indent("", " ")
	if err := e.Encode(f); err != nil {
		return err
	}
	_, err := io.WriteString(to, "\n")
	return err
}
