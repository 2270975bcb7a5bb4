package kfakeio

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// unwrittenBatch is how kfake begins to tell that a batch did not reach its file; TestUnwrittenIsNotAcknowledged
// holds it to that.
const unwrittenBatch = "persist batch"

// logger hands kfake's warnings and errors on; a truncated tail after a crash is among them. Its other lines speak of
// single requests.
type logger struct {
	log       *slog.Logger
	unwritten func(line string) // hears of batches that did not reach their file
}

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
	if strings.HasPrefix(line, unwrittenBatch) {
		l.unwritten(line)
	}
	l.log.Log(context.Background(), at, "embedded broker: "+line)
}
