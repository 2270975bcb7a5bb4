package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"time"

	"argos"
	"argos/audit"
)

type explainCmd struct {
	Truck string `arg:"" help:"The truck."`
	Rev   int64  `help:"Explain the document of this rev instead of the stored one." placeholder:"N"`

	audited `embed:""`
}

func (explainCmd) Help() string {
	return `Lists the records that the truck's document is the fold of: each with its offset, what the filter took it for and why;
then what they make, and whether the stored document is that. Exit code 1 if it is not. What is said of a record was
decided when it came; a later one may revise it, and then says so.

Examples:
  argos explain T-17 --kafka 127.0.0.1:9092 --store sqlite:trucks.db
  argos explain T-17 --kafka 127.0.0.1:9092 --store sqlite:trucks.db | tail -40
  argos explain T-17 --rev 5204 --data-dir demo-data
  argos explain T-17 --kafka kafka:9092 --store mongodb://HOST/argos --state audit.state     from the last audit on`
}

// Validate is called by kong.
func (c *explainCmd) Validate() error {
	live := len(c.Kafka) > 0 && c.Store != ""
	switch {
	case c.DataDir != "" && (len(c.Kafka) > 0 || c.Store != "") || c.DataDir == "" && !live:
		return errors.New("give either --data-dir, or --kafka and --store")
	case c.Rev < 0:
		return fmt.Errorf("--rev %d: a document's first is 1", c.Rev)
	}
	return argos.CheckTruckID(c.Truck)
}

func (c *explainCmd) Run(ctx context.Context, log *slog.Logger, t terminal) (err error) {
	from, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	p := &audit.Progress{}
	hide := show(ctx, t, log, func() string {
		return fmt.Sprintf("%d of %d records of its partition read", p.Log.Load(), p.End.Load())
	})
	out := bufio.NewWriter(t.out)
	fmt.Fprintf(
		out,
		"%5s %10s %8s  %-24s %-24s %11s %12s %-9s  %s\n",
		"part.",
		"offset",
		"rev",
		"received",
		"fix's time",
		"lat",
		"lon",
		"taken as",
		"why",
	)
	e, err := audit.Explain(ctx, audit.Question{
		Truck:    c.Truck,
		Rev:      c.Rev,
		Kafka:    c.cluster(),
		Topic:    argos.Topic,
		Store:    from.store,
		State:    c.State,
		Progress: p,
	}, func(s *audit.Step) { printStep(out, s) })
	hide()
	if err != nil {
		return err
	}
	printExplanation(out, c, e)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if !e.Agrees() && (c.Rev == 0 || e.Differs != "") {
		return errUnclean
	}
	return nil
}

func printStep(w io.Writer, s *audit.Step) {
	r, d := s.Record, s.Decision
	why := d.Reason.String()
	if d.Metres > 0 {
		why += fmt.Sprintf(" (%.0f m from where the track led, %.1f sigmas)", d.Metres, d.Sigmas)
	}
	switch {
	case d.Revised > 0:
		why += fmt.Sprintf("; by it, %d earlier count as used now", d.Revised)
	case d.Revised < 0:
		why += fmt.Sprintf("; by it, %d earlier count as rejected now", -d.Revised)
	}
	fmt.Fprintf(w, "%5d %10d %8d  %-24s %-24s %11.7f %12.7f %-9s  %s\n",
		s.Partition, s.Offset, s.Rev, instant(r.Recv), instant(r.Time), r.Lat, r.Lon, d.Reason.Outcome(), why)
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func printExplanation(w io.Writer, c *explainCmd, e *audit.Explanation) {
	d := &e.Folded
	fmt.Fprintf(w, "\ntruck %s", c.Truck)
	for i, s := range e.Read {
		if i > 0 {
			fmt.Fprintf(w, "; the topic had grown then")
		}
		fmt.Fprintf(w, ", partition %d, read from offset %d", s.Partition, s.From)
		if i == 0 && e.Known > 0 {
			fmt.Fprintf(w, " on, where the last audit had proven rev %d", e.Known)
		}
	}
	fmt.Fprintf(w, ": %d fixes, %d duplicates, %d late, %d rejected\n", d.Fixes, d.Duplicates, d.Late, d.Rejected)
	fmt.Fprintf(w, "rev %d: %s\n", d.Rev, describe(d))
	switch {
	case e.Stored == nil:
		fmt.Fprintln(w, "the store has no document of it")
	case e.Agrees():
		fmt.Fprintln(w, "the stored document is this one, in every field")
	case e.Differs != "":
		fmt.Fprintf(w, "the stored document is another: %s\n", e.Differs)
	case e.Stored.Rev > d.Rev && c.Rev > 0:
		fmt.Fprintf(w, "the stored document is further on: rev %d\n", e.Stored.Rev)
	case e.Gone() != nil:
		fmt.Fprintf(
			w,
			"the stored document has rev %d: what came before offset %d of partition %d is gone, "+
				"so its fold can't be run anew (an audit's --state file has the track of its time)\n",
			e.Stored.Rev,
			e.Gone().From,
			e.Gone().Partition,
		)
	default:
		fmt.Fprintf(w, "the stored document has rev %d, which these records do not make\n", e.Stored.Rev)
	}
}

// describe is a document in a line.
func describe(d *argos.Truck) string {
	if math.IsNaN(d.Lat) {
		return "no position yet"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%.7f, %.7f +- %.1f m at %s, %s", d.Lat, d.Lon, d.Accuracy, instant(d.Time), d.Status)
	if !math.IsNaN(d.Speed) {
		fmt.Fprintf(&b, ", %.1f m/s", d.Speed)
	}
	if !math.IsNaN(d.Heading) {
		fmt.Fprintf(&b, ", heading %.0f", d.Heading)
	}
	return b.String()
}
