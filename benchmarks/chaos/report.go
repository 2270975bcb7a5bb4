package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
)

// result is what a row came to. Times are in seconds.
type result struct {
	Name string `json:"name"`
	What string `json:"what"`

	Downtime float64 `json:"downtime_s"` // how old the newest stored fix of some partition became; 0: less than a second
	Recovery float64 `json:"recovery_s"` // from the end of the fault until all partitions were fresh for good

	Handovers uint64  `json:"handovers,omitempty"`    // partitions that another worker came to own
	Unowned   float64 `json:"unowned_le_s,omitempty"` // the longest that one of them had no owner was not above this

	Acked      int64 `json:"acked"`
	Lost       int64 `json:"lost"`
	Diverged   int64 `json:"diverged"`
	Duplicates int64 `json:"duplicates"` // records that a sender sent again although the log had them: counted, never believed twice

	Failed  string `json:"failed,omitempty"`
	Skipped string `json:"not_run,omitempty"`
}

type report struct {
	Trucks int      `json:"trucks"`
	Rate   int      `json:"fixes_per_s"`
	Seed   uint64   `json:"seed"`
	CPUs   int      `json:"cpus"`
	Rows   []result `json:"rows"`
}

var head = fmt.Sprintf("%-24s %9s %9s %9s %5s %8s %10s", "row", "downtime", "recovery", "acked", "lost", "diverged", "duplicates")

func (r *result) line() string {
	if r.Skipped != "" {
		return fmt.Sprintf("%-24s %s", r.Name, r.Skipped)
	}
	verdict := "ok"
	if r.Failed != "" {
		verdict = r.Failed
	}
	if r.Handovers > 0 {
		verdict += fmt.Sprintf("; %d handovers, at most %g s without an owner", r.Handovers, r.Unowned)
	}
	return fmt.Sprintf("%-24s %7.1f s %7.1f s %9d %5d %8d %10d  %s", r.Name, r.Downtime, r.Recovery, r.Acked, r.Lost, r.Diverged, r.Duplicates, verdict)
}

// good says whether every row that was played is clean, and with all also whether all were played.
func (r *report) good(to io.Writer, all bool) bool {
	var failed, skipped, lost, diverged int64
	for i := range r.Rows {
		switch x := &r.Rows[i]; {
		case x.Skipped != "":
			skipped++
		case x.Failed != "":
			failed++
		}
		lost, diverged = lost+r.Rows[i].Lost, diverged+r.Rows[i].Diverged
	}
	fmt.Fprintf(to, "%d rows: lost %d, diverged %d; %d not ok, %d not run\n", len(r.Rows), lost, diverged, failed, skipped)
	return failed == 0 && (skipped == 0 || !all)
}

func (r *report) write(path string) error {
	r.CPUs = runtime.NumCPU()
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if path == "-" {
		_, err = os.Stdout.Write(b)
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
