package web

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"argos"
)

const (
	pictureWidth, pictureHeight vg.Length = 640, 460 // points
	legendHeight                vg.Length = 20
	// brokenAfter is the silence over which a line would claim a way that nobody saw.
	brokenAfter = time.Minute
)

// palette holds the colours of a picture.
type palette struct{ paper, ink, faint, raw, clean color.NRGBA }

var (
	light = palette{rgb(0xffffff), rgb(0x1f2933), rgb(0xe6e9ed), rgb(0xe07b39), rgb(0x1769d1)}
	dark  = palette{rgb(0x171b21), rgb(0xd5dbe3), rgb(0x2b323b), rgb(0xe8935a), rgb(0x62a8ff)}
)

func rgb(x uint32) color.NRGBA { return color.NRGBA{uint8(x >> 16), uint8(x >> 8), uint8(x), 0xff} }

// picture is raw points against the clean line on a plot, a metre as long one way as the other.
type picture struct {
	palette
	*plot.Plot
	ground  plane
	frame   frame
	entries []entry
}

// entry is an item of the legend.
type entry struct {
	name  string
	thumb plot.Thumbnailer
}

// drawTrack writes a truck's trail as an SVG.
func drawTrack(w io.Writer, id string, points []point, c palette) error {
	canvas := vgsvg.New(pictureWidth, pictureHeight)
	page := draw.New(canvas)
	pic := &picture{palette: c, Plot: plot.New()}
	pic.style()
	pic.Title.Text = id + "\n" + summary(points)
	if pic.aim(points, pic.room(page)) {
		pic.addAxes()
		pic.addRaw(points)
		pic.addClean(points)
	} else {
		pic.HideAxes()
	}
	pic.drawTo(page)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("draw the track of %s: %w", id, err)
	}
	// The font by which the text was measured is not on every machine; Arial has the same widths.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")))
	return err
}

func (pic *picture) style() {
	pic.BackgroundColor = pic.paper
	pic.Title.Padding = legendHeight + 4
	for _, s := range []*text.Style{
		&pic.Title.TextStyle, &pic.X.Label.TextStyle, &pic.Y.Label.TextStyle,
		&pic.X.Tick.Label, &pic.Y.Tick.Label, &pic.Legend.TextStyle,
	} {
		s.Color, s.Font.Variant, s.Font.Size = pic.ink, "Sans", 11
	}
	pic.Title.TextStyle.Font.Size = 13
	for _, a := range []*plot.Axis{&pic.X, &pic.Y} {
		a.Color, a.Tick.Color, a.Padding = pic.faint, pic.faint, 0
	}
}

// room is where the data will be, roughly: the axes' numbers are not known yet, and change it by their width.
func (pic *picture) room(page draw.Canvas) vg.Point {
	pic.X.Max, pic.Y.Max = 1000, 1000
	pic.X.Label.Text, pic.Y.Label.Text = "x", "y"
	return pic.DataCanvas(page).Size()
}

// aim chooses what ground is shown: where the truck was by its clean track, or by the raw positions before the first
// accepted fix. It answers false when there is neither.
func (pic *picture) aim(points []point, room vg.Point) bool {
	shown := positions(points, func(p point) argos.LatLon { return p.clean })
	if len(shown) == 0 {
		shown = positions(points, func(p point) argos.LatLon { return p.raw })
	}
	if len(shown) == 0 {
		return false
	}
	pic.ground = newPlane(shown[len(shown)/2])
	on := make([]meters, len(shown))
	for i, p := range shown {
		on[i] = pic.ground.at(p)
	}
	pic.frame = frameOf(on, float64(room.X/room.Y))
	pic.X.Min, pic.X.Max = pic.frame.min.east, pic.frame.max.east
	pic.Y.Min, pic.Y.Max = pic.frame.min.north, pic.frame.max.north
	return true
}

func positions(points []point, of func(point) argos.LatLon) []argos.LatLon {
	var ps []argos.LatLon
	for _, p := range points {
		if q := of(p); known(q) {
			ps = append(ps, q)
		}
	}
	return ps
}

// addAxes rules squares of the same round number of metres both ways.
func (pic *picture) addAxes() {
	step := roundStep((pic.frame.max.east - pic.frame.min.east) / 8)
	pic.X.Tick.Marker, pic.Y.Tick.Marker = every(step), every(step)
	pic.X.Label.Text = "metres east of " + pic.ground.String()
	pic.Y.Label.Text = "metres north"
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: pic.faint, Width: .6}
	grid.Horizontal = grid.Vertical
	pic.Add(grid)
}

// addRaw shows the raw points. An outlier beyond the frame is counted in the legend, for it would shrink all others to
// a dot.
func (pic *picture) addRaw(points []point) {
	dots := &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: faded(pic.raw), Radius: 2.2, Shape: draw.CircleGlyph{}}}
	outside := 0
	for _, p := range points {
		if !known(p.raw) {
			continue
		}
		if m := pic.ground.at(p.raw); pic.frame.holds(m) {
			dots.XYs = append(dots.XYs, plotter.XY{X: m.east, Y: m.north})
		} else {
			outside++
		}
	}
	pic.Add(dots)
	name := "raw"
	if outside > 0 {
		name = fmt.Sprintf("raw (%d outside the picture)", outside)
	}
	pic.entries = append(pic.entries, entry{name, dots})
}

func faded(c color.NRGBA) color.NRGBA {
	c.A = 0xb0
	return c
}

// addClean shows the clean track, broken where the truck was silent, and a dot where it is now.
func (pic *picture) addClean(points []point) {
	style := draw.LineStyle{Color: pic.clean, Width: 1.8}
	var runs []plotter.XYs
	last := int64(math.MinInt64)
	for _, p := range points {
		if !known(p.clean) {
			continue
		}
		if len(runs) == 0 || p.time-last > brokenAfter.Milliseconds() {
			runs = append(runs, nil)
		}
		m := pic.ground.at(p.clean)
		runs[len(runs)-1] = append(runs[len(runs)-1], plotter.XY{X: m.east, Y: m.north})
		last = p.time
	}
	if len(runs) == 0 {
		return
	}
	for _, run := range runs {
		pic.Add(&plotter.Line{XYs: run, LineStyle: style})
	}
	run := runs[len(runs)-1]
	now := &plotter.Scatter{
		XYs:        run[len(run)-1:],
		GlyphStyle: draw.GlyphStyle{Color: pic.clean, Radius: 4.5, Shape: draw.CircleGlyph{}},
	}
	pic.Add(now)
	pic.entries = append(pic.entries, entry{"clean", &plotter.Line{LineStyle: style}}, entry{"now", now})
}

// drawTo draws the plot with its legend in a row under the title, where it hides no point.
func (pic *picture) drawTo(page draw.Canvas) {
	page.SetColor(pic.paper)
	page.Fill(page.Path())
	body := draw.Crop(page, 10, -22, 8, -8)
	pic.Draw(body)
	title := pic.Title.TextStyle.Rectangle(pic.Title.Text).Size().Y
	row := draw.Crop(body, 44, 0, 0, 0)
	row.Max.Y -= title + 4
	row.Min.Y = row.Max.Y - legendHeight
	for _, e := range pic.entries {
		l := plot.NewLegend()
		l.TextStyle, l.Top, l.Left, l.ThumbnailWidth = pic.Legend.TextStyle, true, true, 18
		l.Add(e.name, e.thumb)
		l.Draw(row)
		row.Min.X += 18 + l.TextStyle.Width(e.name) + 24
	}
}

// summary says over which time the points are, and how far raw lies from clean.
func summary(points []point) string {
	d := distances(points)
	if len(d) == 0 {
		return "no accepted position yet"
	}
	from, to := time.UnixMilli(points[0].time).UTC(), time.UnixMilli(points[len(points)-1].time).UTC()
	return fmt.Sprintf("%s to %s UTC, raw to clean: half within %.1f m, 95 %% within %.1f m",
		from.Format("2006-01-02 15:04:05"), to.Format("15:04:05"), d[(len(d)-1)/2], d[(len(d)-1)*95/100])
}
