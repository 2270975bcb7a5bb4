package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"argos"
	"argos/truth"
)

// FaultStats are the errors at the records to which one thing was done.
type FaultStats struct {
	Label string `json:"label"`
	Stats
}

func faultStats(rows []judged) (all []FaultStats) {
	faults := map[string]*truth.Errors{}
	for _, r := range rows {
		if r.Fault == Ok {
			continue
		}
		if faults[r.Fault] == nil {
			faults[r.Fault] = new(truth.Errors)
		}
		faults[r.Fault].Add(r.off)
	}
	for _, label := range slices.Sorted(maps.Keys(faults)) {
		all = append(all, FaultStats{label, statsOf(faults[label])})
	}
	return all
}

func meanFaults(all []Score) (out []FaultStats) {
	faults := map[string][]Stats{}
	for _, s := range all {
		for _, f := range s.Faults {
			faults[f.Label] = append(faults[f.Label], f.Stats)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(faults)) {
		out = append(out, FaultStats{label, meanStats(faults[label])})
	}
	return out
}

// BurstStats are the errors at jumps that arrived in runs of so many, and what is said there: a long consistent jump
// can't be told from a move, but the answer can be tentative, with a claim that holds.
type BurstStats struct {
	From int `json:"from"`
	To   int `json:"to,omitempty"` // 0: or more
	Stats
	Tentative Number `json:"tentative"`      // the share that is told so
	Within2   Number `json:"within_2_sigma"` // of what is claimed
}

// burstLengths are the lengths of runs that are told apart.
var burstLengths = [...][2]int{{1, 4}, {5, 12}, {13, 60}, {61, 0}}

// burstStats are those at the jumps among the rows, by the length of their run; tells says that the answers have a
// status.
func burstStats(rows []judged, tells bool) (all []BurstStats) {
	for _, b := range burstLengths {
		var e truth.Errors
		tentative, claimed, within := 0, 0, 0
		for _, r := range rows {
			if r.Burst < b[0] || r.Burst > b[1] && b[1] != 0 {
				continue
			}
			e.Add(r.off)
			if r.answer.Status == argos.Tentative {
				tentative++
			}
			if !math.IsNaN(r.answer.Sigma) {
				claimed++
				if r.off <= 2*r.answer.Sigma {
					within++
				}
			}
		}
		if e.N() == 0 {
			continue
		}
		s := BurstStats{b[0], b[1], statsOf(&e), share(tentative, e.N()), share(within, claimed)}
		if !tells {
			s.Tentative = unknown
		}
		all = append(all, s)
	}
	return all
}

func meanBursts(all []Score) (out []BurstStats) {
	for _, b := range burstLengths {
		var some []BurstStats
		for _, s := range all {
			for _, j := range s.Jumps {
				if j.From == b[0] {
					some = append(some, j)
				}
			}
		}
		if len(some) > 0 {
			out = append(out, BurstStats{
				b[0], b[1], meanStats(each(some, func(j BurstStats) Stats { return j.Stats })),
				meanOf(each(some, func(j BurstStats) Number { return j.Tentative })),
				meanOf(each(some, func(j BurstStats) Number { return j.Within2 })),
			})
		}
	}
	return out
}

// Rise is what faults do to the fixes beside them: the mean error, in metres, at those to which nothing was done, and
// at the same ones of the drive as it was.
type Rise struct {
	N       int    `json:"n"`
	With    Number `json:"with_faults_m"`
	Without Number `json:"without_m"`
	Rise    Number `json:"rise"` // 0.1 is a tenth
}

// rise compares a drive with faults with the same drive without.
func rise(with, without []judged) *Rise {
	clean := map[int64]float64{}
	for _, r := range without {
		clean[r.ms] = r.off
	}
	var a, b truth.Errors
	for _, r := range with {
		if off, known := clean[r.ms]; known && r.Fault == Ok {
			a.Add(r.off)
			b.Add(off)
		}
	}
	if a.N() == 0 {
		return nil
	}
	return &Rise{a.N(), Number(a.Mean()), Number(b.Mean()), Number(a.Mean()/b.Mean() - 1)}
}

// meanRise is nil where no drive has one. Its rise is that of the means.
func meanRise(all []Score) *Rise {
	var known []Rise
	for _, s := range all {
		if s.Rise != nil {
			known = append(known, *s.Rise)
		}
	}
	if len(known) == 0 {
		return nil
	}
	out := Rise{
		With:    meanOf(each(known, func(r Rise) Number { return r.With })),
		Without: meanOf(each(known, func(r Rise) Number { return r.Without })),
	}
	for _, r := range known {
		out.N += r.N
	}
	out.Rise = out.With/out.Without - 1
	return &out
}

// labels lists those that occur in a report.
func (r *Report) labels() []string {
	var labels []string
	for _, s := range r.Sets {
		for _, m := range s.Methods {
			for _, f := range m.Faults {
				if !slices.Contains(labels, f.Label) {
					labels = append(labels, f.Label)
				}
			}
		}
	}
	slices.SortFunc(labels, cmp.Compare)
	return labels
}

func (s *Score) fault(label string) Stats {
	for _, f := range s.Faults {
		if f.Label == label {
			return f.Stats
		}
	}
	return unknownStats
}

func (s *Score) burst(from int) BurstStats {
	for _, b := range s.Jumps {
		if b.From == from {
			return b
		}
	}
	return BurstStats{From: from, Stats: unknownStats, Tentative: unknown, Within2: unknown}
}

var unknown = Number(math.NaN())

var unknownStats = Stats{Mean: unknown, P50: unknown, P95: unknown, Max: unknown}
