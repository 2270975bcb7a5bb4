package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos"
	"argos/sender"
)

// hesitant is a gateway that acks the one fix it is sent when it is told to.
func hesitant(t *testing.T, speak <-chan struct{}) *sender.Sender {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow() //nolint:errcheck // the connection is over
		if _, _, err := ws.Read(r.Context()); err != nil {
			return
		}
		gone := ws.CloseRead(r.Context())
		select {
		case <-speak:
			if ws.Write(gone, websocket.MessageText, []byte(`{"ack":1}`)) == nil {
				<-gone.Done()
			}
		case <-gone.Done():
		}
	}))
	t.Cleanup(server.Close)
	s, err := sender.New(t.Context(), sender.Config{URL: server.URL, Connections: 1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), argos.NewFix("T", time.Now().UnixMilli(), 1, 2)); err != nil {
		t.Fatal(err)
	}
	return s
}

// lineWriter hands each line of a log on.
type lineWriter chan string

func (w lineWriter) Write(b []byte) (int, error) {
	select {
	case w <- string(b):
	default:
	}
	return len(b), nil
}

// TestLastAckIsWaitedFor: a broker that is down for longer than a stop may take costs nothing, and the person reads what it is about.
func TestLastAckIsWaitedFor(t *testing.T) {
	t.Parallel()
	speak, lines := make(chan struct{}), make(lineWriter, 1)
	s := hesitant(t, speak)
	done := make(chan error, 1)
	go func() {
		log := slog.New(slog.NewTextHandler(lines, nil))
		done <- settle(t.Context(), log, terminal{err: io.Discard}, s, patience{stopped: time.Nanosecond, still: time.Hour})
	}()
	if line := <-lines; !strings.Contains(line, "waiting for the gateway to answer for 1 fixes") {
		t.Error(line)
	}
	close(speak)
	if err := <-done; err != nil || s.Stats().Acked != 1 {
		t.Error(err, s.Stats())
	}
}

func TestLastAckIsNotWaitedForInVain(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	stopping, stop := context.WithCancel(t.Context())
	defer stop()
	for name, c := range map[string]struct {
		ctx context.Context
		patience
	}{
		"no progress":                {t.Context(), patience{stopped: time.Hour, still: 50 * time.Millisecond}},
		"stopped before":             {stopped, patience{stopped: 50 * time.Millisecond, still: time.Hour}},
		"stopped while it is waited": {stopping, patience{stopped: time.Hour, still: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			s := hesitant(t, nil)
			if c.ctx == stopping {
				defer time.AfterFunc(50*time.Millisecond, stop).Stop()
			}
			var out bytes.Buffer
			err := settle(c.ctx, slog.New(slog.DiscardHandler), terminal{err: &out}, s, c.patience)
			if err == nil || !strings.Contains(err.Error(), "did not answer for 1 fixes") {
				t.Error(err)
			}
		})
	}
}
