package pipelines

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos/io/traceio"
)

// SmoothConfig says which recorded drives are cleaned and how, and where the results go.
type SmoothConfig struct {
	Paths   []string        // drives, or folders of drives
	Fixes   string          // the file in a drive's folder
	Columns traceio.Columns // of CSV files, beyond the usual names
	Out     string          // folder, made when missing
	Format  string          // one of traceio.CleanFormats
	Causal  bool            // what the live filter says, instead of a smoother that knows the whole drive
	Every   time.Duration   // a position so often, instead of one a row; the smoother alone
	On      *Flink          // the cluster that cleans them, whose workers have these paths; nil: Prism
	Tally   *Tally          // counts along, if not nil, what is done in this process
}

func init() {
	beam.RegisterType(reflect.TypeFor[traceio.Drive]())
	// Bytes to the runner. As a row with a schema Flink's runner would look into it, and, unless our columns are other than nil, read on for ever.
	beam.RegisterCoder(reflect.TypeFor[traceio.Drive](),
		func(d traceio.Drive) ([]byte, error) { return json.Marshal(d) },
		func(b []byte) (d traceio.Drive, err error) { return d, json.Unmarshal(b, &d) })
	register.DoFn2x1[context.Context, traceio.Drive, error](&smoothFn{})
}

// Smooth is the batch pipeline of drives: each becomes Out/<name>.<format>, or, where a file names its trucks itself,
// Out/<name>_<truck>.<format> for each. A file is there whole or not at all. It returns the number of drives.
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
	for i := range drives { // what can't be read is said before anything is written
		drives[i].Columns = cfg.Columns
		r, err := traceio.Open(drives[i])
		if err != nil {
			return 0, err
		}
		r.Close() //nolint:errcheck // read only
		if info, err := os.Stat(drives[i].Fixes); err == nil {
			tally.size.Add(info.Size())
		}
	}
	tally.drives.Store(int64(len(drives)))
	if err := os.MkdirAll(cfg.Out, 0o755); err != nil {
		return 0, fmt.Errorf("make the folder for the results: %w", err)
	}
	name := fmt.Sprintf("smooth-%d", runs.Add(1))
	if cfg.On != nil {
		name += "-" + unique()            // others have jobs there, too
		defer discardParts(cfg.Out, name) // a worker is killed, and leaves what it was writing
	}
	defer tally.follow(ctx, name)()
	p, s := beam.NewPipelineWithRoot()
	fn := &smoothFn{Job: name, Out: cfg.Out, Format: cfg.Format, Causal: cfg.Causal, EveryMs: cfg.Every.Milliseconds()}
	beam.ParDo0(s, fn, beam.Reshuffle(s, beam.CreateList(s, drives)))
	if err := runBatch(ctx, name, p, cfg.On); err != nil {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("clean the drives: %w", ctx.Err())
		}
		return 0, fmt.Errorf("clean the drives: %s", cause(err))
	}
	return len(drives), nil
}
