package plots

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ticks labels the round numbers of an axis, about so many.
type ticks int

// Ticks is called by plot.
func (n ticks) Ticks(least, most float64) []plot.Tick {
	step := roundStep((most - least) / float64(n))
	var out []plot.Tick
	for k := math.Ceil(least / step); k*step <= most; k++ {
		x := k*step + 0 // no -0
		out = append(out, plot.Tick{Value: x, Label: strconv.FormatFloat(x, 'f', max(0, -int(math.Floor(math.Log10(step)+1e-9))), 64)})
	}
	return out
}

// roundStep is the least of 1, 2 and 5 times a power of ten that is not below a step.
func roundStep(step float64) float64 {
	if !(step > 0) || math.IsInf(step, 0) {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(step)))
	for _, k := range [...]float64{1, 2, 5} {
		if k*ten >= step {
			return k * ten
		}
	}
	return 10 * ten
}

// paper is drawn last, below the legend, so that no line runs through its words.
type paper struct{}

// Plot is called by plot.
func (paper) Plot(c draw.Canvas, p *plot.Plot) {
	size := p.Legend.Rectangle(c).Size() // its place is not where the legend is drawn
	left, below := c.Max.X-size.X, c.Max.Y-size.Y
	c.FillPolygon(color.White, []vg.Point{{X: left, Y: below}, {X: c.Max.X, Y: below}, c.Max, {X: left, Y: c.Max.Y}})
}
