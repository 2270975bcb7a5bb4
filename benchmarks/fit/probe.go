package main

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"argos"
	"argos/evaluate"
	"argos/transforms/smooth"
	"argos/transforms/track"
	"argos/truth"
)

var verbose, smoothedFaults bool

func override(r *track.Recipe, sets []string) error {
	for _, s := range sets {
		name, v, _ := strings.Cut(s, "=")
		f := reflect.ValueOf(r).Elem().FieldByName(name)
		if !f.IsValid() {
			return fmt.Errorf("no parameter %q", name)
		}
		x, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return err
		}
		f.SetFloat(x)
	}
	return nil
}

type variant struct {
	mode string
	thin int64
}

func (v variant) of(d evaluate.Drive) evaluate.Drive {
	out := evaluate.Drive{Truth: d.Truth}
	next := int64(math.MinInt64)
	for i, r := range d.Records {
		if v.mode != "rec" {
			r.Heading = math.NaN()
		}
		if v.mode == "pos" {
			r.Speed = math.NaN()
		}
		if v.thin > 0 {
			if r.Time < next || !r.Valid {
				continue
			}
			next = r.Time + v.thin*1000
		}
		out.Records = append(out.Records, r)
		if d.Faults != nil {
			out.Faults = append(out.Faults, d.Faults[i])
		}
	}
	return out
}

type cell struct{ raw, live, smoothed errorsOf }

func probeOne(by track.Recipe, d evaluate.Drive, v variant) (c cell) {
	x := v.of(d)
	causal := fold(&by, x.Records)
	s := smooth.DriveBy(by, x.Records)
	for _, k := range x.Counted() {
		f, t := &x.Records[k.I], &causal[k.I]
		c.raw.add(truth.Distance(k.At, argos.LatLon{Lat: f.Lat, Lon: f.Lon}), 1)
		c.live.add(truth.Distance(k.At, argos.LatLon{Lat: t.Lat, Lon: t.Lon}), t.Accuracy)
		if e, ok := s.Row(k.I); ok {
			c.smoothed.add(truth.Distance(k.At, argos.LatLon{Lat: e.Lat, Lon: e.Lon}), e.Accuracy)
		}
	}
	return c
}

func probe(by track.Recipe, drives []drive, thins []int64) {
	var variants []variant
	for _, m := range []string{"rec", "speed", "pos"} {
		for _, t := range thins {
			variants = append(variants, variant{m, t})
		}
	}
	cells := make([][]cell, len(drives))
	var wait sync.WaitGroup
	for half := range 2 {
		wait.Go(func() {
			for i := half; i < len(drives); i += 2 {
				cells[i] = make([]cell, len(variants))
				for j, v := range variants {
					if !strings.HasSuffix(drives[i].set, "-hard") {
						cells[i][j] = probeOne(by, drives[i].clean, v)
					}
				}
			}
		})
	}
	wait.Wait()
	for k := range variants {
		fmt.Printf("| %s%d: live/raw in2 smooth in2 ", variants[k].mode, variants[k].thin)
	}
	fmt.Println()
	total := make([][2]float64, len(variants))
	nsets := 0.0
	for i := 0; i < len(drives); {
		j := i
		for j < len(drives) && drives[j].set == drives[i].set {
			j++
		}
		if strings.HasSuffix(drives[i].set, "-hard") {
			i = j
			continue
		}
		for d := i; d < j && verbose; d++ {
			fmt.Printf("  %-16.16s", drives[d].name)
			for k := range variants {
				c := &cells[d][k]
				if k == 0 {
					fmt.Printf(" %5.2f", c.raw.mean())
				}
				fmt.Printf(" | %5.2f %3.0f %5.2f %3.0f", c.live.mean(), 100*c.live.in2/c.live.n, c.smoothed.mean(), 100*c.smoothed.in2/c.smoothed.n)
			}
			fmt.Println()
		}
		row := fmt.Sprintf("%-18.18s", drives[i].set)
		nsets++
		for k := range variants {
			var raw, live, sm, l2, s2 float64
			for d := i; d < j; d++ {
				c := &cells[d][k]
				n := float64(j - i)
				raw += c.raw.mean() / n
				live += c.live.mean() / n
				sm += c.smoothed.mean() / n
				l2 += 100 * c.live.in2 / c.live.n / n
				s2 += 100 * c.smoothed.in2 / c.smoothed.n / n
			}
			total[k][0] += live / raw
			total[k][1] += sm / raw
			if k == 0 {
				row += fmt.Sprintf(" %5.2f", raw)
			}
			row += fmt.Sprintf(" | %5.2f %3.0f %5.2f %3.0f", live, l2, sm, s2)
		}
		fmt.Println(row)
		i = j
	}
	row := fmt.Sprintf("%-24s", "mean ratio to raw")
	for k := range variants {
		row += fmt.Sprintf(" | %5.3f     %5.3f    ", total[k][0]/nsets, total[k][1]/nsets)
	}
	fmt.Println(row)
}

// bursts prints the errors at injected jumps by the length of their burst, over all drives with faults.
func bursts(by track.Recipe, drives []drive) {
	type sums struct{ n, live, smoothed, claim float64 }
	type all struct{ b [2][3]sums; with, without, sw, swo [2]float64; worst float64 }
	outs := make([]all, len(drives))
	var wait sync.WaitGroup
	for half := range 2 {
		wait.Go(func() {
			for i := half; i < len(drives); i += 2 {
				d, o := &drives[i], &outs[i]
				clean := fold(&by, d.clean.Records)
				sc := smooth.DriveBy(by, d.clean.Records)
				byTime := map[int64][2]float64{}
				for _, c := range d.clean.Counted() {
					e2 := math.NaN()
					if e, ok := sc.Row(c.I); ok {
						e2 = truth.Distance(c.At, argos.LatLon{Lat: e.Lat, Lon: e.Lon})
					}
					byTime[d.clean.Records[c.I].Time] = [2]float64{truth.Distance(c.At, argos.LatLon{Lat: clean[c.I].Lat, Lon: clean[c.I].Lon}), e2}
				}
				causal, s := fold(&by, d.faulty.Records), smooth.DriveBy(by, d.faulty.Records)
				length := make([]int, len(d.faulty.Records))
				for a := 0; a < len(length); a++ {
					b := a
					for b < len(length) && strings.HasPrefix(d.faulty.Faults[b], "jump") {
						b++
					}
					for k := a; k < b; k++ {
						length[k] = b - a
					}
					if b > a {
						a = b - 1
					}
				}
				alone := 0
				n := 0
				for _, r := range d.clean.Records {
					if math.IsNaN(r.Heading) {
						n++
					}
				}
				if n > len(d.clean.Records)*8/10 {
					alone = 1
				}
				for _, c := range d.faulty.Counted() {
					e := truth.Distance(c.At, argos.LatLon{Lat: causal[c.I].Lat, Lon: causal[c.I].Lon})
					e2 := math.NaN()
					if row, ok := s.Row(c.I); ok {
						e2 = truth.Distance(c.At, argos.LatLon{Lat: row.Lat, Lon: row.Lon})
					}
					if l := length[c.I]; l > 0 {
						k := 0
						if l > 4 {
							k = 1
						}
						if l > 12 {
							k = 2
						}
						q := &o.b[alone][k]
						q.n++
						q.live += e
						q.smoothed += e2
						if e <= 2*causal[c.I].Accuracy {
							q.claim++
						}
					} else if c.Fault == evaluate.Ok {
						if was, ok := byTime[d.faulty.Records[c.I].Time]; ok && e2 == e2 && was[1] == was[1] {
							o.with[0] += e
							o.with[1]++
							o.without[0] += was[0]
							o.sw[0] += e2
							o.swo[0] += was[1]
							o.worst = math.Max(o.worst, e)
						}
					}
				}
			}
		})
	}
	wait.Wait()
	var tot [2][3]sums
	line := ""
	for i := range outs {
		o := &outs[i]
		for a := range tot {
			for k := range tot[a] {
				tot[a][k].n += o.b[a][k].n
				tot[a][k].live += o.b[a][k].live
				tot[a][k].smoothed += o.b[a][k].smoothed
				tot[a][k].claim += o.b[a][k].claim
			}
		}
		line += fmt.Sprintf("%.14s/%.10s %.2f->%.2f (%.0f) s %.2f->%.2f; ", drives[i].set, drives[i].name, o.without[0]/o.with[1], o.with[0]/o.with[1], o.worst, o.swo[0]/o.with[1], o.sw[0]/o.with[1])
		if i%3 == 2 {
			line += "\n"
		}
	}
	for a, name := range []string{"course", "alone/speed"} {
		for k, l := range []string{"1-4", "5-12", "13-60"} {
			q := tot[a][k]
			fmt.Printf("%s %s: n %.0f live %.1f (claim %.0f%%) smooth %.1f; ", name, l, q.n, q.live/q.n, 100*q.claim/q.n, q.smoothed/q.n)
		}
	}
	fmt.Println("\nuntouched: " + line)
}

// dump prints where the live document is worse than the raw fix, by stretches of 20 s.
func dump(by track.Recipe, d *drive) {
	causal := fold(&by, d.clean.Records)
	s := smooth.DriveBy(by, d.clean.Records)
	type w struct{ raw, live, sm, n, v float64; rej int64 }
	ws := map[int64]*w{}
	var t0 int64
	for i, k := range d.clean.Counted() {
		f, t := &d.clean.Records[k.I], &causal[k.I]
		if i == 0 {
			t0 = f.Time
		}
		b := (f.Time - t0) / 20000
		if ws[b] == nil {
			ws[b] = &w{}
		}
		x := ws[b]
		x.n++
		x.raw += truth.Distance(k.At, argos.LatLon{Lat: f.Lat, Lon: f.Lon})
		x.live += truth.Distance(k.At, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		if e, ok := s.Row(k.I); ok {
			x.sm += truth.Distance(k.At, argos.LatLon{Lat: e.Lat, Lon: e.Lon})
		}
		x.v += f.Speed
		x.rej = t.Rejected
	}
	var prev int64
	for b := int64(0); b < 10000; b++ {
		x := ws[b]
		if x == nil {
			continue
		}
		d := (x.live - x.raw)
		if math.Abs(d) > 0.5*x.n || x.rej > prev {
			fmt.Printf("%5d s  raw %6.2f live %6.2f smooth %6.2f  v %.1f rejected %d  contributes %.0f\n", b*20, x.raw/x.n, x.live/x.n, x.sm/x.n, x.v/x.n, x.rej-prev, d)
		}
		prev = x.rej
	}
}

// dumpFaults prints the rows of the drive with faults at which the live document is far off although the row is untouched.
func dumpFaults(by track.Recipe, d *drive) {
	causal := fold(&by, d.faulty.Records)
	sm := smooth.DriveBy(by, d.faulty.Records)
	at := map[int]evaluate.Counted{}
	for _, c := range d.faulty.Counted() {
		at[c.I] = c
	}
	last := -100
	for i := range d.faulty.Records {
		c, ok := at[i]
		if !ok || c.Fault != evaluate.Ok && !smoothedFaults {
			continue
		}
		if smoothedFaults {
			if row, ok := sm.Row(i); ok {
				fmt.Printf("%5d %-16s raw %7.1f live %7.1f smooth %7.1f sigma %5.1f\n", i, d.faulty.Faults[i], truth.Distance(c.At, argos.LatLon{Lat: d.faulty.Records[i].Lat, Lon: d.faulty.Records[i].Lon}),
					truth.Distance(c.At, argos.LatLon{Lat: causal[i].Lat, Lon: causal[i].Lon}), truth.Distance(c.At, argos.LatLon{Lat: row.Lat, Lon: row.Lon}), row.Accuracy)
			}
			continue
		}
		if e := truth.Distance(c.At, argos.LatLon{Lat: causal[i].Lat, Lon: causal[i].Lon}); e > 20 && i-last > 30 {
			last = i
			fmt.Println("---")
			for k := max(0, i-25); k < min(len(causal), i+14); k++ {
				f, t := &d.faulty.Records[k], &causal[k]
				e, r := math.NaN(), math.NaN()
				if p, ok := d.faulty.Truth.At(f.Time); ok {
					r = truth.Distance(p, argos.LatLon{Lat: f.Lat, Lon: f.Lon})
				}
				if p, ok := d.faulty.Truth.At(t.Time); ok {
					e = truth.Distance(p, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
				}
				fmt.Printf("%5d %-16s t %.1f raw %7.1f  doc t %.1f err %7.1f sigma %6.1f %s late %d rej %d v %.1f\n", k, d.faulty.Faults[k], float64(f.Time%10000000)/1000, r, float64(t.Time%10000000)/1000, e, t.Accuracy, t.Status, t.Late, t.Rejected, f.Speed)
			}
		}
	}
}

func dumpJumps(by track.Recipe, d *drive) {
	causal := fold(&by, d.faulty.Records)
	for i := 0; i < len(causal); i++ {
		j := i
		for j < len(causal) && strings.HasPrefix(d.faulty.Faults[j], "jump") {
			j++
		}
		if j == i {
			continue
		}
		worst := 0.0
		sum, off, cnt := 0.0, 0.0, 0.0
		for k := i; k < j; k++ {
			if p, ok := d.faulty.Truth.At(d.faulty.Records[k].Time); ok {
				sum += truth.Distance(p, argos.LatLon{Lat: causal[k].Lat, Lon: causal[k].Lon})
				off += truth.Distance(p, argos.LatLon{Lat: d.faulty.Records[k].Lat, Lon: d.faulty.Records[k].Lon})
				cnt++
			}
		}
		fmt.Printf("B %-18.18s %-18.18s at %d len %d %s off %.0f live %.0f contributes %.0f before: good %s\n", d.set, d.name, i, j-i, d.faulty.Faults[i], off/cnt, sum/cnt, sum, causal[max(0, i-1)].Status)
		for k := i; k < j; k++ {
			if p, ok := d.faulty.Truth.At(d.faulty.Records[k].Time); ok {
				worst = math.Max(worst, truth.Distance(p, argos.LatLon{Lat: causal[k].Lat, Lon: causal[k].Lon}))
			}
		}
		if worst > 40 && j-i > 0 {
			fmt.Println("---", d.name)
			for k := max(0, i-8); k < min(len(causal), j+4); k++ {
				f, t := &d.faulty.Records[k], &causal[k]
				e, r := math.NaN(), math.NaN()
				if p, ok := d.faulty.Truth.At(f.Time); ok {
					r = truth.Distance(p, argos.LatLon{Lat: f.Lat, Lon: f.Lon})
					e = truth.Distance(p, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
				}
				fmt.Printf("%5d %-16s t %.1f raw %7.1f  doc t %.1f err %7.1f sigma %6.1f %s late %d rej %d v %.1f\n", k, d.faulty.Faults[k], float64(f.Time%10000000)/1000, r, float64(t.Time%10000000)/1000, e, t.Accuracy, t.Status, t.Late, t.Rejected, f.Speed)
			}
		}
		i = j
	}
}

func dumpRows(by track.Recipe, d *drive, from, to int64) {
	causal := fold(&by, d.clean.Records)
	t0 := d.clean.Records[0].Time
	for i := range causal {
		f, t := &d.clean.Records[i], &causal[i]
		s := (f.Time - t0) / 1000
		if s < from || s > to {
			continue
		}
		e, r := math.NaN(), math.NaN()
		if p, ok := d.clean.Truth.At(f.Time); ok {
			r = truth.Distance(p, argos.LatLon{Lat: f.Lat, Lon: f.Lon})
			e = truth.Distance(p, argos.LatLon{Lat: t.Lat, Lon: t.Lon})
		}
		fmt.Printf("%5d s raw %7.1f err %7.1f sigma %6.1f %s rej %d v %.1f course %.0f doc v %.1f c %.0f\n", s, r, e, t.Accuracy, t.Status, t.Rejected, f.Speed, f.Heading, t.Speed, t.Heading)
	}
}

// stands prints the share of standing and of moving fixes told stopped, and creep, by set.
func stands(by track.Recipe, drives []drive, thin int64) {
	for _, mode := range []string{"rec", "speed", "pos"} {
		fmt.Println("mode", mode)
		for i := range drives {
			d := &drives[i]
			if strings.HasSuffix(d.set, "-hard") {
				continue
			}
			x := variant{mode, thin}.of(d.clean)
			causal := fold(&by, x.Records)
			var n, told, m, mtold, creep, secs float64
			prev := -1
			for _, k := range x.Counted() {
				ms := x.Records[k.I].Time
				still, fast, known := true, false, true
				p0, ok := x.Truth.At(ms)
				for back := int64(1000); back <= 20000; back += 1000 {
					p, ok2 := x.Truth.At(ms - back)
					if !ok || !ok2 {
						known = false
						break
					}
					v := truth.Distance(p, p0)
					if back == 1000 && v > 2 {
						fast = true
					}
					if v > 0.1*float64(back)/1000+0.1 {
						still = false
					}
				}
				st := causal[k.I].Status == argos.Stopped
				if known && still {
					n++
					if st {
						told++
					}
					if prev >= 0 && prev == k.I-1 {
						creep += truth.Distance(argos.LatLon{Lat: causal[k.I].Lat, Lon: causal[k.I].Lon}, argos.LatLon{Lat: causal[prev].Lat, Lon: causal[prev].Lon})
						secs += float64(ms-x.Records[prev].Time) / 1000
					}
					prev = k.I
				}
				if fast {
					m++
					if st {
						mtold++
					}
				}
			}
			fmt.Printf("  %-18.18s %-18.18s standing %5.0f told %4.0f%% creep %6.1f m/min; moving %5.0f told stopped %4.1f%%\n", d.set, d.name, n, 100*told/n, creep/secs*60, m, 100*mtold/m)
		}
	}
}

