package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

type span struct{ min, max float64 }

func (s span) size() float64   { return s.max - s.min }
func (s span) middle() float64 { return (s.min + s.max) / 2 }

// box is a part of a map.
type box struct{ x, y span }

func boxOf(pieces ...plotter.XYs) box {
	b := box{span{math.Inf(1), math.Inf(-1)}, span{math.Inf(1), math.Inf(-1)}}
	for _, piece := range pieces {
		for _, p := range piece {
			b.x = span{math.Min(b.x.min, p.X), math.Max(b.x.max, p.X)}
			b.y = span{math.Min(b.y.min, p.Y), math.Max(b.y.max, p.Y)}
		}
	}
	return b
}

func (b box) grown(by float64) box {
	return box{span{b.x.min - by, b.x.max + by}, span{b.y.min - by, b.y.max + by}}
}

func (b box) scaled(by float64) box {
	return box{span{b.x.min * by, b.x.max * by}, span{b.y.min * by, b.y.max * by}}
}

func (b box) has(p plotter.XY) bool {
	return p.X >= b.x.min && p.X <= b.x.max && p.Y >= b.y.min && p.Y <= b.y.max
}

// of returns the points inside.
func (b box) of(points plotter.XYs) (in plotter.XYs) {
	for _, p := range points {
		if b.has(p) {
			in = append(in, p)
		}
	}
	return in
}

// clipped returns the pieces of lines inside.
func clipped(pieces []plotter.XYs, b box) (in []plotter.XYs) {
	for _, piece := range pieces {
		joined := false
		for _, p := range piece {
			if b.has(p) {
				in = extend(in, p, joined)
				joined = true
				continue
			}
			joined = false
		}
	}
	return in
}

func scaled(pieces []plotter.XYs, by float64) []plotter.XYs {
	out := make([]plotter.XYs, len(pieces))
	for i, piece := range pieces {
		for _, p := range piece {
			out[i] = append(out[i], plotter.XY{X: p.X * by, Y: p.Y * by})
		}
	}
	return out
}

// marked draws lines with a dot at each fix.
func (s *scene) marked(p *plot.Plot, name string, pieces []plotter.XYs, c color.Color) error {
	for i, piece := range pieces {
		l, points, err := plotter.NewLinePoints(piece)
		if err != nil {
			return err
		}
		l.LineStyle = stroke(c, 1.8)
		points.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(2.8), Shape: draw.CircleGlyph{}}
		p.Add(l, points)
		if i == 0 {
			p.Legend.Add(name, l, points)
		}
	}
	return nil
}
