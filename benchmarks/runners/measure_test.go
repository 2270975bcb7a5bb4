package main

import (
	"math"
	"os"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

func histogram(counts ...uint64) *dto.Histogram {
	h := &dto.Histogram{}
	var sum uint64
	for i, n := range counts {
		sum += n
		total, bound := sum, float64(i+1)
		h.Bucket = append(h.Bucket, &dto.Bucket{CumulativeCount: &total, UpperBound: &bound})
	}
	h.SampleCount = &sum
	return h
}

// TestQuantile: of what came between two readings only.
func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		before, after *dto.Histogram
		q, want       float64
	}{
		{histogram(0, 0, 0), histogram(0, 10, 0), .5, 1.5},
		{histogram(100, 0, 0), histogram(100, 0, 10), .5, 2.5},
		{histogram(0, 0, 0), histogram(98, 0, 2), .99, 2.5},
		{histogram(5, 5, 5), histogram(5, 5, 5), .5, math.NaN()},
	} {
		if got := quantile(c.before, c.after, c.q); !(math.Abs(got-c.want) < 1e-9 || math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

// TestUsed: processor time of this process rises while it works.
func TestUsed(t *testing.T) {
	before := used([]int{os.Getpid()})
	for x := 1.0; used([]int{os.Getpid()}) <= before; x = math.Sqrt(x + 1) {
	}
}
