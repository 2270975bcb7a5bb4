// Package plots draws evaluated drives for people: where the truck was, where its fixes were, and where the filters say
// it was.
package plots

import (
	"bufio"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"argos/evaluate"
)

// The colours are of Okabe and Ito's set, which people see apart whatever their eyes: https://jfly.uni-koeln.de/color/.
var (
	rawColour      = color.RGBA{R: 230, G: 159, A: 255}
	liveColour     = color.RGBA{R: 0, G: 114, B: 178, A: 255}
	smoothedColour = color.RGBA{R: 0, G: 158, B: 115, A: 255}
	truthColour    = color.Gray{Y: 60}
	frameColour    = color.RGBA{R: 213, G: 94, A: 255}
)

// The picture: two maps beside each other, below them the errors over time.
const (
	width, height = 16 * vg.Inch, 11 * vg.Inch
	dpi           = 100
	heading       = 0.55 * vg.Inch
	below         = 3.9 * vg.Inch
	margin        = 0.15 * vg.Inch
)

// Drive draws a drive into a PNG file: the whole way, the place where the fixes are worst as a close-up, and the errors
// over time. The file is there whole or not at all.
func Drive(path string, d *evaluate.Drive) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("draw drive %s: %w", d.Name, err)
		}
	}()
	s := newScene(d)
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	all := draw.New(canvas)
	maps := draw.Crop(all, margin, -margin, below, -heading)
	middle := (maps.Min.X + maps.Max.X) / 2
	left, right := draw.Crop(maps, 0, middle-maps.Max.X-margin, 0, 0), draw.Crop(maps, middle-maps.Min.X+margin, 0, 0, 0)
	if err := errors.Join(s.whole(left), s.closeUp(right), s.errors(draw.Crop(all, margin, -margin, margin, below-height-margin))); err != nil {
		return err
	}
	title := draw.TextStyle{
		Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: 17}, Handler: plot.DefaultTextHandler,
		XAlign: draw.XCenter, YAlign: draw.YCenter,
	}
	all.FillText(title, vg.Point{X: width / 2, Y: height - heading/2}, d.Name+d.Mode.Suffix())

	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(f)
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(buffer)
	if err := errors.Join(err, buffer.Flush(), f.Close()); err != nil {
		os.Remove(f.Name()) //nolint:errcheck // err says it
		return err
	}
	return os.Rename(f.Name(), path)
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size = 13
	p.Title.Padding = vg.Points(6)
	for _, style := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(7), ticks(6)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = 12, 11
		a.Label.Padding = vg.Points(4)
	}
	p.Legend.TextStyle.Font.Size = 12
	p.Legend.Top = true
	p.Legend.ThumbnailWidth = vg.Points(24)
	p.Legend.Padding = vg.Points(3)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{Y: 230}, color.Gray{Y: 230}
	p.Add(grid)
	return p
}

// lines draws pieces of a line, and names them once in the legend.
func lines(p *plot.Plot, name string, pieces []plotter.XYs, style draw.LineStyle) error {
	for i, piece := range pieces {
		l, err := plotter.NewLine(piece)
		if err != nil {
			return err
		}
		l.LineStyle = style
		p.Add(l)
		if i == 0 && name != "" {
			p.Legend.Add(name, l)
		}
	}
	return nil
}

func dots(p *plot.Plot, name string, at plotter.XYs, c color.Color, radius vg.Length) error {
	if len(at) == 0 {
		return nil
	}
	s, err := plotter.NewScatter(at)
	if err != nil {
		return err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}
	p.Add(s)
	if name != "" {
		p.Legend.Add(name, s)
	}
	return nil
}

func stroke(c color.Color, width float64) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Points(width)}
}

// equalAspect draws a plot in which a metre is as long in one direction as in the other, around the ranges that it has.
func equalAspect(p *plot.Plot, c draw.Canvas) {
	p.Add(paper{})
	for range 2 { // the room for the labels depends on the ranges
		size := p.DataCanvas(c).Size()
		x, y := p.X.Max-p.X.Min, p.Y.Max-p.Y.Min
		scale := math.Max(x/float64(size.X), y/float64(size.Y))
		grow := func(a *plot.Axis, to float64) {
			middle := (a.Min + a.Max) / 2
			a.Min, a.Max = middle-to/2, middle+to/2
		}
		grow(&p.X, scale*float64(size.X))
		grow(&p.Y, scale*float64(size.Y))
	}
	p.Draw(c)
}
