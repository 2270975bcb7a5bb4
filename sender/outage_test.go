package sender_test

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"argos"
	"argos/sender"
)

// TestOutageIsTwoLines: however many connections and attempts, a person reads when it began, why, and when it ended.
func TestOutageIsTwoLines(t *testing.T) {
	g := &rough{rnd: rand.New(rand.NewPCG(1, 0))}
	first, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	var away, back atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case back.Load():
			g.ServeHTTP(w, r)
		case away.Load():
			http.Error(w, "come back later", http.StatusServiceUnavailable)
		default:
			g.ServeHTTP(w, r.WithContext(first))
		}
	}))
	defer server.Close()
	var text journal
	s, err := sender.New(t.Context(), sender.Config{URL: server.URL, Connections: 3, Log: slog.New(slog.NewTextHandler(&text, nil))})
	if err != nil {
		t.Fatal(err)
	}
	all := fixes(30, 2)
	send := func(fs []argos.Fix) {
		for _, f := range fs {
			if err := s.Send(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(all[:30])
	until(t, "all acked", func() bool { return s.Stats().Acked == 30 })
	if n := text.count("level="); n != 0 {
		t.Fatalf("%d lines before anything happened", n)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("before anything happened: %v", err)
	}
	away.Store(true)
	hangUp()
	send(all[30:])
	until(t, "attempts of all", func() bool { return s.Stats().Reconnects > 9 })
	if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "of 3 connections to the gateway are down") {
		t.Errorf("in an outage: %v", err)
	}
	back.Store(true)
	until(t, "all acked again", func() bool { return s.Stats().Acked == 60 })
	until(t, "an end", func() bool { return text.count("all connections to the gateway work again") == 1 })
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
	if n := text.count("level="); n != 2 || text.count("no connection to the gateway") != 1 {
		t.Errorf("%d lines: %s", n, text.String())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRefusedConnectionSaysWhy: the gateway's own words reach the person who reads the sender's log.
func TestRefusedConnectionSaysWhy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the topic has grown", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := sender.New(ctx, sender.Config{URL: server.URL, Log: quiet()}); err == nil || !strings.Contains(err.Error(), "the topic has grown") {
		t.Error(err)
	}
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// journal is a log that many write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) count(s string) int { return strings.Count(j.String(), s) }

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
