// Command argos takes truck positions in, loses none, cleans them and keeps each truck's live state. It is the only
// program of the system: each role is a subcommand, and demo runs all of them in one process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"argos"
	"argos/io/mongoio"
	"argos/io/sqliteio"
	"argos/runner"
	"argos/runner/flink"
)

type cli struct {
	LogLevel slog.Level       `help:"Log from this level on: debug, info, warn or error." default:"info"`
	Version  kong.VersionFlag `env:"-" help:"Say which build this is, and end."`

	Demo     demoCmd     `cmd:"" help:"Everything in one process: watch a fleet being cleaned."`
	Gateway  gatewayCmd  `cmd:"" help:"Take fixes in over WebSocket and HTTP, into Kafka."`
	Pipeline pipelineCmd `cmd:"" help:"Clean the fixes in Kafka and keep the live documents in the store."`
	Serve    serveCmd    `cmd:"" help:"Serve the query API and the page on a store."`
	Simulate simulateCmd `cmd:"" help:"Send a simulated fleet, with known truth, to a gateway."`
	Replay   replayCmd   `cmd:"" help:"Send recorded drives to a gateway."`
	Smooth   smoothCmd   `cmd:"" help:"Clean recorded drives, as files."`
	Evaluate evaluateCmd `cmd:"" help:"Measure raw, live and smoothed positions of recorded drives against the truth."`
	Audit    auditCmd    `cmd:"" help:"Prove delivery: ledger against log, documents against the fold of the log."`
	Explain  explainCmd  `cmd:"" help:"Why is this truck there? The records behind its document, and what was decided of each."`
	Ready    readyCmd    `cmd:"" help:"Ask a running role whether it can do its work; for health checks."`
}

func main() {
	registerStores()
	if _, is := os.LookupEnv(flink.WorkerBuild); is {
		os.Exit(worker(os.Args[1:], os.Stderr))
	}
	// The first signal asks for a clean stop; the second one, handled by nobody, ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func registerStores() {
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	argos.Process.Register(mongoio.Scheme, mongoio.Open)
	argos.Process.Register(mongoio.SchemeSRV, mongoio.Open)
}

// errUnclean ends a command whose own output has said what is wrong.
var errUnclean = errors.New("unclean")

// run is the program without its process: 0 for success, 1 for a failure, 2 for a command line that can't be meant.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("argos"),
		kong.Description("Noisy truck positions in, none lost, clean live state out."),
		kong.DefaultEnvars("ARGOS"),
		kong.Vars{"columns": columnsHelp, "formats": formatsHelp, "version": version()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(terminal{out: stdout, err: stderr}),
	)
	if err != nil {
		fmt.Fprintf(stderr, "argos: %v\n", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "argos: %v (argos COMMAND --help lists what there is)\n", err)
		return 2
	}
	log := slog.New(runner.WithoutBeam(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: c.LogLevel})))
	slog.SetDefault(log) // Beam's functions have no other way to a logger
	switch err := kctx.Run(log); {
	case errors.Is(err, errUnclean):
		return 1
	case err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "argos: stopped before it had started")
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "argos: %v\n", err)
		return 1
	}
	return 0
}

// terminal is where a command's result and its progress go.
type terminal struct{ out, err io.Writer }
