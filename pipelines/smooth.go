package pipelines

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
	"argos/io/traceio"
	"argos/transforms/track"
)

// SmoothConfig says which recorded drives are cleaned, and where the results go.
type SmoothConfig struct {
	Paths []string // drives, or folders of drives
	Fixes string   // the file in a drive's folder
	Out   string   // folder, made when missing
	On    *Flink   // the cluster that cleans them, whose workers have these paths; nil: Prism
}

func init() {
	beam.RegisterType(reflect.TypeFor[traceio.Drive]())
	register.DoFn1x1[traceio.Drive, error](&causalFn{})
}

// SmoothCausal is the batch pipeline of drives: each becomes Out/<name>.csv, the live filter's document after every row. It
// returns the number of drives.
func SmoothCausal(ctx context.Context, cfg SmoothConfig) (int, error) {
	drives, err := traceio.Find(cfg.Paths, cfg.Fixes)
	if err != nil {
		return 0, err
	}
	for _, d := range drives { // what can't be read is said before anything is written
		r, err := traceio.Open(d)
		if err != nil {
			return 0, err
		}
		r.Close() //nolint:errcheck // read only
	}
	if err := os.MkdirAll(cfg.Out, 0o755); err != nil {
		return 0, fmt.Errorf("make the folder for the results: %w", err)
	}
	p, s := beam.NewPipelineWithRoot()
	beam.ParDo0(s, &causalFn{Out: cfg.Out}, beam.Reshuffle(s, beam.CreateList(s, drives)))
	if err := runBatch(ctx, fmt.Sprintf("smooth-%d", runs.Add(1)), p, cfg.On); err != nil {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("clean the drives: %w", ctx.Err())
		}
		return 0, fmt.Errorf("clean the drives: %s", cause(err))
	}
	return len(drives), nil
}

// causalFn cleans one drive an element.
type causalFn struct{ Out string }

// ProcessElement folds the rows of a drive as the live pipeline would its records, and writes the document after each. A
// row that is no fix would be refused by the gateway: it never comes into the log.
func (f *causalFn) ProcessElement(d traceio.Drive) (err error) {
	in, err := traceio.Open(d)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	out, err := os.Create(filepath.Join(f.Out, d.Name+".csv"))
	if err != nil {
		return fmt.Errorf("write what drive %s is cleaned to: %w", d.Name, err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	buffer := bufio.NewWriter(out)
	w, err := traceio.NewCleanWriter(buffer)
	if err != nil {
		return err
	}
	var t track.Track
	var doc argos.Truck
	t.Fill(&doc)
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return buffer.Flush()
		}
		if err != nil {
			return err
		}
		if row.Err != nil {
			slog.Warn("row refused", "err", row.Err)
		} else {
			t.Fold(&argos.Record{Fix: row.Fix, Recorded: true}, argos.Pos{Next: int64(row.N) + 1})
			t.Fill(&doc)
		}
		if err := w.Write(row, &doc); err != nil {
			return fmt.Errorf("write what drive %s is cleaned to: %w", d.Name, err)
		}
	}
}
