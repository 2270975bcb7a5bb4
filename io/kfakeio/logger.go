package kfakeio

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger hands kfake's warnings and errors on; a truncated tail after a crash is among them. Its other lines speak of
// single requests.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	var at slog.Level
	switch level {
	case kfake.LogLevelError:
		at = slog.LevelError
	case kfake.LogLevelWarn:
		at = slog.LevelWarn
	default:
		return
	}
	line := fmt.Sprintf(format, args...)
	unwritten(line)
	l.log.Log(context.Background(), at, "embedded broker: "+line)
}
