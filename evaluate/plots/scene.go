package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"argos"
	"argos/evaluate"
	"argos/transforms/kalman"
	"argos/truth"
)

// apart is the time (ms) between two places that no line joins.
const apart = 15_000

// scene is a drive in metres east and north of its middle.
type scene struct {
	d     *evaluate.Drive
	plane kalman.Plane
	rows  []evaluate.Counted

	truth          []plotter.XYs
	raw            plotter.XYs
	live, smoothed []plotter.XYs
	answers        [3][]evaluate.Answer // of evaluate.Ours
}

func newScene(d *evaluate.Drive) *scene {
	middle := d.Truth[len(d.Truth)/2].Pos
	s := &scene{d: d, plane: kalman.NewPlane(middle.Lat, middle.Lon), rows: d.Counted()}
	for i, m := range evaluate.Ours {
		s.answers[i] = m.Run(d.Records)
	}
	last := int64(math.MinInt64)
	for _, r := range d.Truth {
		s.truth = extend(s.truth, s.xy(r.Pos), r.TMs-last < apart)
		last = r.TMs
	}
	// The rest is drawn while the truth is near: wrong clocks are in no map.
	from, to := d.Truth[0].TMs-60_000, last+60_000
	newest := int64(math.MinInt64)
	for i := range d.Records {
		r := &d.Records[i]
		if !r.Valid || r.Time < from || r.Time > to || r.Time <= newest {
			continue
		}
		s.raw = append(s.raw, s.xy(argos.LatLon{Lat: r.Lat, Lon: r.Lon}))
		joined := r.Time-newest < apart && newest != math.MinInt64
		if a := s.answers[1][i]; !math.IsNaN(a.Lat) {
			s.live = extend(s.live, s.xy(a.LatLon), joined)
		}
		if a := s.answers[2][i]; !math.IsNaN(a.Lat) {
			s.smoothed = extend(s.smoothed, s.xy(a.LatLon), joined)
		}
		newest = r.Time
	}
	return s
}

func (s *scene) xy(p argos.LatLon) plotter.XY {
	m := s.plane.Metres(p.Lat, p.Lon)
	return plotter.XY{X: m[0], Y: m[1]}
}

// extend adds a place to the last piece of a line, or begins one.
func extend(pieces []plotter.XYs, at plotter.XY, joined bool) []plotter.XYs {
	if !joined || len(pieces) == 0 {
		pieces = append(pieces, nil)
	}
	n := len(pieces) - 1
	pieces[n] = append(pieces[n], at)
	return pieces
}

// whole is the map of the whole way.
func (s *scene) whole(c draw.Canvas) error {
	unit, scale := "m", 1.0
	box := boxOf(s.truth...)
	if box.x.size()+box.y.size() > 5000 {
		unit, scale = "km", 0.001
	}
	p := newPlot("the whole way", "east, "+unit, "north, "+unit)
	if err := lines(p, "truth", scaled(s.truth, scale), stroke(color.Gray{Y: 170}, 5)); err != nil {
		return err
	}
	inside := box.grown(0.1*math.Max(box.x.size(), box.y.size()) + 20)
	if err := dots(p, "raw fixes", scaled([]plotter.XYs{inside.of(s.raw)}, scale)[0], rawColour, 1.4); err != nil {
		return err
	}
	if err := lines(p, "smoothed", scaled(clipped(s.smoothed, inside), scale), stroke(smoothedColour, 1.4)); err != nil {
		return err
	}
	near := s.near().scaled(scale)
	if err := s.mark(p, near, near.x.size() < 0.02*scale*math.Max(box.x.size(), box.y.size())); err != nil {
		return err
	}
	grown := box.grown(0.05*math.Max(box.x.size(), box.y.size()) + 10).scaled(scale)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = grown.x.min, grown.x.max, grown.y.min, grown.y.max
	equalAspect(p, c)
	return nil
}

// mark shows where the close-up is: a frame, or a ring around one too small to be seen.
func (s *scene) mark(p *plot.Plot, near box, small bool) error {
	if small {
		ring, err := plotter.NewScatter(plotter.XYs{{X: near.x.middle(), Y: near.y.middle()}})
		if err != nil {
			return err
		}
		ring.GlyphStyle = draw.GlyphStyle{Color: frameColour, Radius: vg.Points(9), Shape: draw.RingGlyph{}}
		p.Add(ring)
		p.Legend.Add("close-up", ring)
		return nil
	}
	frame := plotter.XYs{
		{X: near.x.min, Y: near.y.min},
		{X: near.x.max, Y: near.y.min},
		{X: near.x.max, Y: near.y.max},
		{X: near.x.min, Y: near.y.max},
		{X: near.x.min, Y: near.y.min},
	}
	return lines(p, "close-up", []plotter.XYs{frame}, stroke(frameColour, 1.4))
}

// settling is how many rows of the start no close-up is made of.
const settling = 5

// worst is the row of which the close-up is made: a large error of the raw fix where the truck is not too fast for
// several fixes to be seen. It is -1 when no row counts.
func (s *scene) worst() int {
	best, most := -1, math.Inf(-1)
	for i, c := range s.rows {
		if i < settling && len(s.rows) > settling {
			continue
		}
		r := &s.d.Records[c.I]
		e := math.Min(truth.Distance(argos.LatLon{Lat: r.Lat, Lon: r.Lon}, c.At), 200)
		if score := e / (4 + math.Hypot(c.Velocity[0], c.Velocity[1])); score > most {
			best, most = i, score
		}
	}
	return best
}

// near is what the close-up shows.
func (s *scene) near() box {
	i := s.worst()
	if i < 0 {
		return boxOf(s.truth...)
	}
	c := s.rows[i]
	r := &s.d.Records[c.I]
	a, b := s.xy(c.At), s.xy(argos.LatLon{Lat: r.Lat, Lon: r.Lon})
	e := math.Hypot(a.X-b.X, a.Y-b.Y)
	if e > 100 { // it jumped out of the picture
		b, e = a, 60
	}
	half := math.Max(30, 1.6*e)
	x, y := (a.X+b.X)/2, (a.Y+b.Y)/2
	return box{span{x - half, x + half}, span{y - half, y + half}}
}

func (s *scene) closeUp(c draw.Canvas) error {
	near := s.near()
	p := newPlot(fmt.Sprintf("close-up, %.0f m wide", near.x.size()), "east, m", "north, m")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = near.x.min, near.x.max, near.y.min, near.y.max
	wide := near.grown(near.x.size()) // lines run out of the picture
	if err := lines(p, "truth", clipped(s.truth, wide), stroke(truthColour, 2)); err != nil {
		return err
	}
	raw := wide.of(s.raw)
	if err := dots(p, "raw fixes", raw, rawColour, 4); err != nil {
		return err
	}
	if err := s.marked(p, "live", clipped(s.live, wide), liveColour); err != nil {
		return err
	}
	if err := s.marked(p, "smoothed", clipped(s.smoothed, wide), smoothedColour); err != nil {
		return err
	}
	x, y := near.x, near.y
	// What is in reach is drawn; what is seen is the close-up.
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = x.min, x.max, y.min, y.max
	equalAspect(p, c)
	return nil
}
