package sender_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos"
	"argos/ledger"
	"argos/sender"
)

func fixes(trucks, each int) []argos.Fix {
	var fs []argos.Fix
	for i := range each {
		for k := range trucks {
			f := argos.NewFix(fmt.Sprintf("T-%02d", k), 1700000000000+int64(i)*1000, 51.9, 4.5)
			f.Seq = int64(i)
			fs = append(fs, f)
		}
	}
	return fs
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func outcomes(t *testing.T, path string) map[delivery]ledger.Outcome {
	t.Helper()
	m := map[delivery]ledger.Outcome{}
	err := ledger.Read(path, func(e ledger.Entry) error {
		d := delivery{e.TruckID, e.Seq}
		if _, twice := m[d]; twice {
			t.Errorf("%v is in the ledger twice", d)
		}
		if e.Run != "run-1" {
			t.Errorf("run %q", e.Run)
		}
		m[d] = e.Outcome
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestNothingIsLost is the promise: whatever the gateway does to the connections, each fix is answered for once, those
// acknowledged are in the log, and a truck's first deliveries are in its order.
func TestNothingIsLost(t *testing.T) {
	refuse := func(f *argos.Fix) bool { return f.Seq%17 == 3 }
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			g := &rough{drop: 0.1, refuse: refuse, rnd: rand.New(rand.NewPCG(seed, 0))}
			server := httptest.NewServer(g)
			defer server.Close()
			path := filepath.Join(t.TempDir(), "ledger")
			book, err := ledger.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := sender.New(t.Context(), sender.Config{
				URL: strings.TrimPrefix(server.URL, "http://"), Ledger: book, Run: "run-1", Connections: 3, Log: quiet(),
			})
			if err != nil {
				t.Fatal(err)
			}
			all := fixes(20, 400)
			for _, f := range all {
				if err := s.Send(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := s.Close(ctx); err != nil {
				t.Fatal(err)
			}
			if err := book.Close(); err != nil {
				t.Fatal(err)
			}
			got, refused, inLog := outcomes(t, path), 0, map[delivery]bool{}
			last := map[string]int64{}
			for _, d := range g.log {
				if inLog[d] {
					continue
				}
				inLog[d] = true
				if prev, ok := last[d.truck]; ok && d.seq < prev {
					t.Fatalf("%v was first delivered after %d", d, prev)
				}
				last[d.truck] = d.seq
			}
			for _, f := range all {
				d, want := delivery{f.TruckID, f.Seq}, ledger.Acked
				if refuse(&f) {
					want = ledger.Refused
					refused++
				}
				if got[d] != want {
					t.Fatalf("%v is %q, want %q", d, got[d], want)
				}
				if (want == ledger.Acked) != inLog[d] {
					t.Fatalf("%v is %s and in the log: %v", d, want, inLog[d])
				}
			}
			st := s.Stats()
			if int(st.Sent) != len(all) || int(st.Refused) != refused || st.Sent != st.Acked+st.Refused || len(got) != len(all) {
				t.Errorf("%+v for %d fixes, %d of them to be refused, %d ledger entries", st, len(all), refused, len(got))
			}
			if st.Reconnects == 0 || !strings.Contains(st.LastRefusal, "told to") {
				t.Errorf("the gateway was not rough enough: %+v", st)
			}
		})
	}
}

// TestBackPressure: a gateway that never answers gets MaxUnacked fixes and no more; they end as unknown.
func TestBackPressure(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow() //nolint:errcheck // the connection is over
		ws.SetReadLimit(1 << 20)
		for {
			if _, _, err := ws.Read(r.Context()); err != nil {
				return
			}
		}
	}))
	defer silent.Close()
	path := filepath.Join(t.TempDir(), "ledger")
	book, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sender.New(t.Context(), sender.Config{URL: silent.URL, Ledger: book, Run: "run-1", Connections: 1, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	all := fixes(1, sender.MaxUnacked+1)
	for _, f := range all[:sender.MaxUnacked] {
		if err := s.Send(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Send(ctx, all[sender.MaxUnacked]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("fix %d: %v", sender.MaxUnacked+1, err)
	}
	if err := s.Close(ctx); err == nil || !strings.Contains(err.Error(), "4000 fixes") {
		t.Errorf("close: %v", err)
	}
	if err := s.Send(t.Context(), all[0]); !errors.Is(err, sender.ErrClosed) {
		t.Errorf("send after close: %v", err)
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, o := range outcomes(t, path) {
		if o == ledger.Unknown {
			unknown++
		}
	}
	if unknown != sender.MaxUnacked {
		t.Errorf("%d unknown, want %d", unknown, sender.MaxUnacked)
	}
}

func TestGoodbyeAndRecorded(t *testing.T) {
	g := &rough{rnd: rand.New(rand.NewPCG(1, 1))}
	server := httptest.NewServer(g)
	s, err := sender.New(t.Context(), sender.Config{URL: server.URL, Recorded: true, Connections: 2, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	bad := argos.NewFix("T-1", 1700000000000, 91, 0)
	for _, f := range append(fixes(10, 1), bad) {
		if err := s.Send(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close() // waits for its handlers
	if st := s.Stats(); st.Acked != 10 || st.Refused != 1 || !strings.Contains(st.LastRefusal, "lat 91") {
		t.Errorf("%+v", st)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.recorded != "1" {
		t.Errorf("recorded=%q", g.recorded)
	}
	if len(g.closed) == 0 {
		t.Error("no connection was closed")
	}
	for _, c := range g.closed {
		if c != websocket.StatusNormalClosure {
			t.Errorf("a connection ended with %v", c)
		}
	}
}

func TestNoGateway(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	for addr, want := range map[string]string{
		gone.URL:       "no gateway answers at ws://",
		web.URL:        "it answers 404",
		"ftp://x":      "want ws://",
		"":             "want ws://",
		"ws://":        "want ws://",
		"://x y":       "want ws://",
		"host with:80": "want ws://",
	} {
		t.Run(addr, func(t *testing.T) {
			t.Parallel()
			_, err := sender.New(t.Context(), sender.Config{URL: addr, Log: quiet()})
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSeqBasesOfTwoRunsAreApart(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	if d := sender.SeqBase(now.Add(time.Second)) - sender.SeqBase(now); d != 1_024_000 {
		t.Errorf("a second is %d numbers", d)
	}
	if top := sender.SeqBase(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)); top >= 1<<53 {
		t.Errorf("%d is not a JSON number that everyone reads", top)
	}
}
