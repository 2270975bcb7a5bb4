package sim

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"argos"
	"argos/truth"
)

// TestTrucksDriveAsTrucksDo bounds speed, acceleration along the way and across it, and the area.
func TestTrucksDriveAsTrucksDo(t *testing.T) {
	var moving, all, fast, hard int
	for seed := range uint64(30) {
		c := newCity(stream(seed, 0, 0))
		m := motion{more: c.legs, plane: cityPlane}
		m.begin(c.enters())
		const h = 0.25
		pos, dir := m.where()
		v := m.v
		for range int(3600 / h) {
			m.advance(h)
			p, to := m.where()
			if gone := p.sub(pos).length(); math.Abs(gone-(v+m.v)/2*h) > 0.2 {
				t.Fatalf("seed %d: %.3f m in %v s at %.2f and %.2f m/s", seed, gone, h, v, m.v)
			}
			a := (m.v - v) / h
			if a > accelerate+1e-9 || a < -6.5 {
				t.Fatalf("seed %d: %.2f m/s2 along the way", seed, a)
			}
			turn := math.Abs(math.Atan2(dir.x*to.y-dir.y*to.x, dir.x*to.x+dir.y*to.y))
			if across := turn / h * (v + m.v) / 2; across > 1.25*lateral {
				t.Fatalf("seed %d: %.2f m/s2 across the way at %.1f m/s", seed, across, m.v)
			}
			if m.v > 30+1e-9 || p.length() > 9000 {
				t.Fatalf("seed %d: %.1f m/s at %v", seed, m.v, p)
			}
			if all++; m.v > 1 {
				moving++
			}
			if m.v > 24 {
				fast++
			}
			if a < -4 {
				hard++
			}
			pos, dir, v = p, to, m.v
		}
	}
	if share := float64(moving) / float64(all); share < 0.5 || share > 0.9 {
		t.Errorf("trucks move %.0f %% of the time", 100*share)
	}
	if fast < all/1000 || hard < all/10_000 {
		t.Errorf("%d of %d steps were fast, %d braked hard", fast, all, hard)
	}
}

// TestErrorsAreCorrelatedInTime checks the receiver's error against what its constants promise.
func TestErrorsAreCorrelatedInTime(t *testing.T) {
	var now, next, within []float64
	speed := truth.Errors{}
	for seed := range uint64(40) {
		f := New(Config{Seed: seed, Start: start, NoFaults: true})
		if r := &f.trucks[0].receiver; r.Lag > 0 || r.Hold || r.Grid > 0 || r.Accuracy != Honest {
			continue // not a plain one
		}
		quality := f.trucks[0].receiver.Slow / 2.2
		fixes, _ := arrivals(f, 50*time.Minute)
		var errs []float64
		for _, fix := range fixes {
			at, ok := f.TruthAt(fix.TruckID, fix.Time)
			if !ok {
				t.Fatalf("no truth at %d", fix.Time)
			}
			errs = append(errs, (fix.Lat-at.Lat)*cityPlane.north/quality, (fix.Lon-at.Lon)*cityPlane.east/quality)
			if fix.Accuracy > 0 {
				inside := 0.0
				if truth.Distance(at, argos.LatLon{Lat: fix.Lat, Lon: fix.Lon}) < fix.Accuracy {
					inside = 1
				}
				within = append(within, inside)
			}
			if !math.IsNaN(fix.Speed) {
				speed.Add(fix.Speed)
			}
		}
		now, next = append(now, errs[:len(errs)-2]...), append(next, errs[2:]...)
	}
	sigma, corr := stat.StdDev(now, nil), stat.Correlation(now, next, nil)
	wantSigma := math.Hypot(2.2, 0.6)
	wantCorr := 2.2 * 2.2 * math.Exp(-1/30.0) / (wantSigma * wantSigma)
	if math.Abs(sigma-wantSigma) > 0.15*wantSigma || math.Abs(corr-wantCorr) > 0.02 || corr < 0.86 {
		t.Errorf("sigma %.2f m, correlation after 1 s %.3f; want %.2f, %.3f", sigma, corr, wantSigma, wantCorr)
	}
	if mean := stat.Mean(now, nil); math.Abs(mean) > 0.4 {
		t.Errorf("errors are %.2f m on average", mean)
	}
	if share := stat.Mean(within, nil); share < 0.55 || share > 0.85 {
		t.Errorf("%.2f of the errors are within the accuracy that the receiver claims: it means 0.68", share)
	}
	if speed.N() == 0 || speed.P95() > 21 {
		t.Errorf("speeds up to %.1f m/s", speed.P95())
	}
}
