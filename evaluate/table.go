package evaluate

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Print writes the report as tables for people.
func (r *Report) Print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	print := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	what := "error, m"
	if len(r.faulted()) > 0 {
		what = "error at untouched fixes, m"
	}
	print("%s\tn\tmean\tp50\tp95\tmax\tlag s\tlag m\tin 1 sigma\tin 2 sigma\t\n", what)
	for _, d := range r.all() {
		print("%s\t\t\t\t\t\t\t\t\t\t\n", d.title())
		for _, m := range d.Methods {
			e := m.Errors
			print("%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", m.Method, e.N, e.Mean.fixed(2), e.P50.fixed(2), e.P95.fixed(2), e.Max.fixed(1),
				m.LagS.fixed(2), m.LagM.fixed(2), m.Within1.percent(), m.Within2.percent())
		}
	}
	if labels := r.faulted(); len(labels) > 0 {
		print("\t\nmean error at injected faults, m\t")
		for _, l := range labels {
			print("%s\t", l)
		}
		print("\n")
		for _, d := range r.Sets {
			print("%s\t\n", d.title())
			for _, m := range d.Methods {
				print("%s\t", m.Method)
				for _, l := range labels {
					print("%s\t", m.fault(l).Mean.fixed(1))
				}
				print("\n")
			}
		}
	}
	if len(r.Sets) > 0 && len(r.Sets[0].Between) > 0 {
		print("\t\nerror between fixes, m\tn\tmean\tp50\tp95\tmax\t\n")
		for _, d := range r.Sets {
			for _, b := range d.Between {
				print("%s, one fix in %v s\t\t\t\t\t\t\n", d.title(), float64(b.Every))
				for _, m := range b.Methods {
					name := m.Method
					if m.Replay {
						name += " (replay)"
					}
					print("%s\t%d\t%s\t%s\t%s\t%s\t\n", name, m.N, m.Mean.fixed(2), m.P50.fixed(2), m.P95.fixed(2), m.Max.fixed(1))
				}
			}
		}
	}
	return w.Flush()
}

// all has each set's drives, and then the set.
func (r *Report) all() (all []DriveReport) {
	for _, s := range r.Sets {
		for _, d := range r.Drives {
			if d.Set == s.Set && s.Drives > 1 {
				all = append(all, d)
			}
		}
		all = append(all, s)
	}
	return all
}

func (d *DriveReport) title() string {
	switch {
	case d.Name != "":
		return d.Name
	case d.Drives == 1:
		return d.Set
	}
	return fmt.Sprintf("%s, mean of %d drives", d.Set, d.Drives)
}

func (s *Score) fault(label string) Stats {
	for _, f := range s.Faults {
		if f.Label == label {
			return f.Stats
		}
	}
	nan := Number(math.NaN())
	return Stats{Mean: nan, P50: nan, P95: nan, Max: nan}
}

func (n Number) fixed(digits int) string {
	if !n.known() {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, float64(n))
}

func (n Number) percent() string {
	if !n.known() {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n))
}

// tenths is a percentage with one digit.
func (n Number) tenths() string {
	if !n.known() {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n))
}
