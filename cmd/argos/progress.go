package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// progress shows where a long command is, until ctx ends: one line that renews itself on a terminal, a log line now and
// then elsewhere.
func progress(ctx context.Context, to io.Writer, log *slog.Logger, line func() string) {
	every := 5 * time.Second
	f, ok := to.(*os.File)
	live := ok && isatty.IsTerminal(f.Fd())
	if live {
		every = 500 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if live {
				fmt.Fprintln(to)
			}
			return
		case <-tick.C:
			if live {
				fmt.Fprintf(to, "\r\x1b[K%s", line())
			} else {
				log.Info(line())
			}
		}
	}
}
