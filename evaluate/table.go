package evaluate

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// printer writes tables whose columns are aligned to the right.
type printer struct{ *tabwriter.Writer }

func newPrinter(to io.Writer) printer {
	return printer{tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)}
}

// row writes a row of cells.
func (p printer) row(cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(p, "%s\t", c)
	}
	fmt.Fprintln(p)
}

// title writes a line that stands for what follows. It has as many cells as the table, for else the columns would begin
// anew.
func (p printer) title(text string, columns int) {
	p.row(append([]string{text}, make([]string, columns-1)...)...)
}

// Print writes the report as tables for people.
func (r *Report) Print(to io.Writer) error {
	p := newPrinter(to)
	what := "error, m"
	if len(r.labels()) > 0 {
		what = "error at untouched fixes, m"
	}
	scores := func(what string) {
		p.row(what, "n", "mean", "p50", "p95", "max", "lag s", "lag m", "in 1 sigma", "in 2 sigma", "> 5 sigma s",
			"stopped", "wrongly", "creep m/min")
	}
	scores(what)
	for _, d := range r.all() {
		p.title(d.title(), 14)
		p.scores(d.Methods)
	}
	if len(r.labels()) > 0 {
		fmt.Fprintln(p, "\t")
		r.printJumps(p)
	}
	for i := range r.thinned() {
		fmt.Fprintln(p, "\t")
		every := r.Sets[0].Between[i].every()
		scores(fmt.Sprintf("error at the fixes kept, one in %v, m", every))
		for _, d := range r.Sets {
			p.title(d.title(), 14)
			p.scores(d.Between[i].Kept)
		}
		fmt.Fprintln(p, "\t")
		p.row(fmt.Sprintf("error between them, one fix in %v, m", every), "n", "mean", "p50", "p95", "max")
		for _, d := range r.Sets {
			p.title(d.title(), 6)
			p.between(&d.Between[i])
		}
	}
	return p.Flush()
}

func (p printer) scores(methods []Score) {
	for _, m := range methods {
		e, s := m.Errors, m.Standstill
		p.row(m.Method, fmt.Sprint(e.N), e.Mean.fixed(2), e.P50.fixed(2), e.P95.fixed(2), e.Max.fixed(1),
			m.LagS.fixed(2), m.LagM.fixed(2), m.Within1.percent(), m.Within2.percent(), m.Beyond5.fixed(0),
			s.Told.percent(), s.Wrongly.percent(), s.Creep.fixed(1))
	}
}

func (p printer) between(b *Between) {
	for _, m := range b.Methods {
		name := m.Method
		if m.Replay {
			name += " (replay)"
		}
		p.row(name, fmt.Sprint(m.N), m.Mean.fixed(2), m.P50.fixed(2), m.P95.fixed(2), m.Max.fixed(1))
	}
}

// printJumps writes what the faults cost: at jumps by the length of their burst, and at the fixes beside them.
func (r *Report) printJumps(p printer) {
	lengths := burstLengths[:]
	p.row(slices.Concat([]string{"mean error at injected jumps, m"},
		each(lengths, burstName),
		[]string{"untouched", "without faults", "rise", "worst fix", "it was"})...)
	for _, d := range r.Sets {
		if len(d.Methods) == 0 {
			continue
		}
		p.row(slices.Concat([]string{d.title()},
			each(lengths, func(b [2]int) string { return fmt.Sprintf("n = %d", d.Methods[0].burst(b[0]).N) }),
			make([]string, 5))...)
		for _, m := range d.Methods {
			rise := Rise{With: unknown, Without: unknown, Rise: unknown}
			if m.Rise != nil {
				rise = *m.Rise
			}
			p.row(slices.Concat([]string{m.Method},
				each(lengths, func(b [2]int) string { return m.burst(b[0]).Mean.fixed(1) }),
				[]string{
					rise.With.fixed(2), rise.Without.fixed(2), rise.Rise.percent(),
					m.Worst.Error.fixed(1), m.Worst.Fault,
				})...)
		}
	}
}

func burstName(b [2]int) string {
	if b[1] == 0 {
		return fmt.Sprintf("%d and more", b[0])
	}
	return fmt.Sprintf("%d-%d in a row", b[0], b[1])
}

// PrintFaults writes what is said at the injected jumps, by the length of their burst, and the mean errors at
// everything that was injected, by what it was.
func (r *Report) PrintFaults(to io.Writer) error {
	p := newPrinter(to)
	lengths := burstLengths[:]
	p.row(append([]string{"tentative / in 2 sigma at injected jumps"}, each(lengths, burstName)...)...)
	for _, d := range r.Sets {
		p.title(d.title(), 1+len(lengths))
		for _, m := range d.Methods {
			p.row(append([]string{m.Method}, each(lengths, func(b [2]int) string {
				said := m.burst(b[0])
				return said.Tentative.percent() + " / " + said.Within2.percent()
			})...)...)
		}
	}
	fmt.Fprintln(p, "\t")
	labels := r.labels()
	p.row(append([]string{"mean error at injected faults, m"}, labels...)...)
	for _, d := range r.Sets {
		p.title(d.title(), 1+len(labels))
		for _, m := range d.Methods {
			cells := each(labels, func(l string) string { return m.fault(l).Mean.fixed(1) })
			p.row(append([]string{m.Method}, cells...)...)
		}
	}
	return p.Flush()
}

// all has each set's drives, and then the set.
func (r *Report) all() (all []DriveReport) {
	for _, s := range r.Sets {
		for _, d := range r.Drives {
			if d.Set == s.Set && d.Mode == s.Mode && s.Drives > 1 {
				all = append(all, d)
			}
		}
		all = append(all, s)
	}
	return all
}

// thinned are the thinnings.
func (r *Report) thinned() []Between {
	if len(r.Sets) == 0 {
		return nil
	}
	return r.Sets[0].Between
}

func (b *Between) every() time.Duration {
	return time.Duration(float64(b.Every) * float64(time.Second))
}

func (d *DriveReport) title() string {
	title := d.Set
	switch {
	case d.Name != "":
		title = d.Name
	case d.Drives > 1:
		title = fmt.Sprintf("%s, mean of %d drives", d.Set, d.Drives)
	}
	return title + d.Mode.Suffix()
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
