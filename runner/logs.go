package runner

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
)

// WithoutBeam returns a handler that drops what Beam's own packages log through the default logger: the runner tells of each
// job, worker and failed bundle at length, and whatever of it matters comes back as the error of the run.
// Install it with slog.SetDefault before the first run.
func WithoutBeam(h slog.Handler) slog.Handler { return withoutBeam{h} }

type withoutBeam struct{ slog.Handler }

func (h withoutBeam) Handle(ctx context.Context, r slog.Record) error {
	if r.PC != 0 {
		frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
		if strings.HasPrefix(frame.Function, "github.com/apache/beam/") {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h withoutBeam) WithAttrs(as []slog.Attr) slog.Handler {
	return withoutBeam{h.Handler.WithAttrs(as)}
}

func (h withoutBeam) WithGroup(name string) slog.Handler {
	return withoutBeam{h.Handler.WithGroup(name)}
}
