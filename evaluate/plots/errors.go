package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"argos/evaluate"
	"argos/truth"
)

// errors is the errors over time.
func (s *scene) errors(c draw.Canvas) error {
	p := newPlot("horizontal error", "minutes from the start", "error, m")
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(14), ticks(5)
	if len(s.rows) == 0 {
		p.Title.Text = "no fix has a truth to compare with"
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
		p.Draw(c)
		return nil
	}
	start, end := s.d.Records[s.rows[0].I].Time, s.d.Records[s.rows[len(s.rows)-1].I].Time
	unit := 60_000.
	if end-start < 180_000 {
		unit = 1000
		p.X.Label.Text = "seconds from the start"
	}
	var series [3][]plotter.XYs
	var all [3][]float64
	var largest [3]float64
	for k := range series {
		last := int64(math.MinInt64)
		for _, row := range s.rows {
			a := s.answers[k][row.I]
			if math.IsNaN(a.Lat) {
				continue
			}
			ms := s.d.Records[row.I].Time
			e := truth.Distance(a.LatLon, row.At)
			largest[k] = math.Max(largest[k], e)
			all[k] = append(all[k], e)
			series[k] = extend(series[k], plotter.XY{X: float64(ms-start) / unit, Y: e}, last != math.MinInt64 && ms-last < apart)
			last = ms
		}
	}
	// The clean errors are to be seen, not the jumps of the raw fixes.
	top := slices.Max([]float64{3, 1.1 * quantile(0.95, all[0]), 1.2 * quantile(0.995, all[1]), 1.2 * quantile(0.995, all[2])})
	var rawDots plotter.XYs
	for _, piece := range series[0] {
		for _, at := range piece {
			rawDots = append(rawDots, plotter.XY{X: at.X, Y: math.Min(at.Y, top)})
		}
	}
	if err := dots(p, "raw fixes", rawDots, rawColour, 1.8); err != nil {
		return err
	}
	for k, c := range []color.Color{liveColour, smoothedColour} {
		var cut []plotter.XYs
		for _, piece := range series[k+1] {
			for i := range piece {
				piece[i].Y = math.Min(piece[i].Y, top)
			}
			cut = append(cut, piece)
		}
		if err := lines(p, evaluate.Ours[k+1].Name, cut, stroke(c, 1.3)); err != nil {
			return err
		}
	}
	if most := slices.Max(largest[:]); most > top {
		p.Title.Text += fmt.Sprintf(" (cut at %.0f m; the largest are %.0f m raw, %.0f m live, %.0f m smoothed)", top, largest[0], largest[1], largest[2])
	}
	p.X.Min, p.X.Max = 0, float64(end-start)/unit+1e-3
	p.Y.Min, p.Y.Max = 0, 1.3*top // the legend has the room above
	p.Draw(c)
	return nil
}

// quantile is 0 of nothing.
func quantile(p float64, x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return stat.Quantile(p, stat.LinInterp, x, nil)
}
