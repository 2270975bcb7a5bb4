package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

const width, height = 18 * vg.Centimeter, 24 * vg.Centimeter

// plotAll draws memory, lag and latency over time, one above the other, as soak.png and soak.svg.
func plotAll(dir string, seen []sample) error {
	memory, lags, latency := panel("resident memory, MB"), panel("not stored yet, records"), panel("receipt to stored, ms")
	for i, p := range seen[0].processes {
		if err := line(memory, i, p.name, seen, func(s *sample) float64 { return s.processes[i].rss }); err != nil {
			return err
		}
	}
	for i := range seen[0].lag {
		if err := line(lags, i, fmt.Sprintf("partition %d", i), seen, func(s *sample) float64 { return s.lag[i] }); err != nil {
			return err
		}
	}
	for i, q := range []struct {
		name string
		of   func(*sample) float64
	}{{"p50", func(s *sample) float64 { return s.p50 }}, {"p99", func(s *sample) float64 { return s.p99 }}} {
		if err := line(latency, i, q.name, seen, q.of); err != nil {
			return err
		}
	}
	latency.X.Label.Text = "minutes"
	panels := [][]*plot.Plot{{memory}, {lags}, {latency}}
	png, svg := vgimg.New(width, height), vgsvg.New(width, height)
	for _, c := range []struct {
		name string
		to   interface {
			vg.CanvasSizer
			io.WriterTo
		}
	}{{"soak.png", vgimg.PngCanvas{Canvas: png}}, {"soak.svg", svg}} {
		page := draw.New(c.to)
		for i, row := range plot.Align(panels, draw.Tiles{Rows: len(panels), Cols: 1, PadY: vg.Centimeter / 2}, page) {
			panels[i][0].Draw(row[0])
		}
		if err := save(filepath.Join(dir, c.name), c.to); err != nil {
			return err
		}
	}
	return nil
}

func panel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	return p
}

func line(p *plot.Plot, i int, name string, seen []sample, of func(*sample) float64) error {
	var points plotter.XYs
	for k := range seen {
		if y := of(&seen[k]); !math.IsNaN(y) {
			points = append(points, plotter.XY{X: seen[k].at / 60, Y: y})
		}
	}
	if len(points) == 0 {
		return nil
	}
	l, err := plotter.NewLine(points)
	if err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	l.Color = plotutil.Color(i)
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

func save(path string, w io.WriterTo) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = w.WriteTo(f)
	return errors.Join(err, f.Close())
}
