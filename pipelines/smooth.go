package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos/io/traceio"
	"argos/runner"
	"argos/runner/flink"
	"argos/runner/prism"
)

// SmoothConfig says which recorded drives are cleaned and how, and where the results go.
type SmoothConfig struct {
	Paths   []string        // drives, or folders of drives
	Fixes   string          // the file in a drive's folder
	Columns traceio.Columns // of CSV files, beyond the usual names
	Date    time.Time       // of the first row of NMEA files that tell none, if not zero
	Out     string          // folder, made when missing
	Format  string          // one of traceio.CleanFormats
	Causal  bool            // what the live filter says, instead of a smoother that knows the whole drive
	Every   time.Duration   // a position so often, instead of one a row; the smoother alone
	On      *flink.Config   // the cluster that cleans them, whose workers have these paths; nil: Prism
	Tally   *Tally          // counts along, if not nil, what is done in this process
}

func init() {
	beam.RegisterType(reflect.TypeFor[traceio.Drive]())
	// Bytes to the runner. As a row with a schema Flink's runner would look into it, and, unless our columns are other
	// than nil, read on for ever.
	beam.RegisterCoder(reflect.TypeFor[traceio.Drive](),
		func(d traceio.Drive) ([]byte, error) { return json.Marshal(d) },
		func(b []byte) (d traceio.Drive, err error) { return d, json.Unmarshal(b, &d) })
	register.DoFn2x1[context.Context, traceio.Drive, error](&smoothFn{})
}

// Smooth is the batch pipeline of drives: each becomes Out/<name>.<format>, or, where a file names its trucks itself,
// Out/<name>_<truck>.<format> for each. A file is there whole or not at all. It returns the number of drives that were
// cleaned; a drive of which nothing could be used is an error, after the others are done. The Tally has what became of
// each.
func Smooth(ctx context.Context, cfg SmoothConfig) (int, error) {
	if err := cfg.Columns.Check(); err != nil {
		return 0, err
	}
	drives, err := traceio.Find(cfg.Paths, cfg.Fixes)
	if err != nil {
		return 0, err
	}
	tally := cfg.Tally
	if tally == nil {
		tally = new(Tally)
	}
	tally.drives.Store(int64(len(drives)))
	readable := drives[:0:0]
	for _, d := range drives { // what can't be read is found before anything is written
		d.Columns, d.Date = cfg.Columns, cfg.Date
		r, err := traceio.Open(d)
		if err != nil {
			tally.file(&traceio.Summary{Name: d.Name, File: d.Fixes, Failed: err})
			continue
		}
		r.Close() //nolint:errcheck // read only
		if info, err := os.Stat(d.Fixes); err == nil {
			tally.size.Add(info.Size())
		}
		readable = append(readable, d)
	}
	if len(readable) == 0 {
		return tally.cleaned()
	}
	if err := os.MkdirAll(cfg.Out, 0o755); err != nil {
		return 0, fmt.Errorf("make the folder for the results: %w", err)
	}
	name := fmt.Sprintf("smooth-%d", runs.Add(1))
	if cfg.On != nil {
		name += "-" + flink.Unique()      // others have jobs there, too
		defer discardParts(cfg.Out, name) // a worker is killed, and leaves what it was writing
	}
	defer tally.follow(ctx, name)()
	p, s := beam.NewPipelineWithRoot()
	fn := &smoothFn{Job: name, Out: cfg.Out, Format: cfg.Format, Causal: cfg.Causal, EveryMs: cfg.Every.Milliseconds()}
	beam.ParDo0(s, fn, beam.Reshuffle(s, beam.CreateList(s, readable)))
	if err := runBatch(ctx, name, p, cfg.On); err != nil {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("clean the drives: %w", ctx.Err())
		}
		return 0, fmt.Errorf("clean the drives: %s", runner.Cause(err))
	}
	if cfg.On != nil { // they are told there
		for _, d := range readable {
			tally.file(&traceio.Summary{Name: d.Name, File: d.Fixes})
		}
	}
	return tally.cleaned()
}

// runBatch runs a bounded pipeline to its end: on Prism, or on a Flink cluster if one is given.
func runBatch(ctx context.Context, name string, p *beam.Pipeline, on *flink.Config) error {
	if on == nil {
		return prism.Run(ctx, name, p, prism.NoSplit)
	}
	return on.RunBatch(ctx, name, p)
}

// ErrUnusable is wrapped by the error of several drives of which nothing could be used in some.
var ErrUnusable = errors.New("files could not be used")

// cleaned returns how many files could be used, and an error if some could not.
func (t *Tally) cleaned() (int, error) {
	files := t.Files()
	var failed []error
	for _, f := range files {
		if err := f.Err(); err != nil {
			failed = append(failed, err)
		}
	}
	switch {
	case len(failed) == 0:
		return len(files), nil
	case len(files) == 1:
		return 0, failed[0]
	}
	return len(files) - len(failed), fmt.Errorf("%d of %d %w", len(failed), len(files), ErrUnusable)
}
