package sender_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos"
	"argos/ledger"
	"argos/sender"
	"argos/wire"
)

// delivery names one fix.
type delivery struct {
	truck string
	seq   int64
}

// rough is a gateway that keeps the promise of acknowledgements and no other: it drops connections at random, before and
// after it took a frame, answers late and in lumps, and refuses what it is told to.
type rough struct {
	drop   float64 // chance, a frame
	refuse func(f *argos.Fix) bool

	mu       sync.Mutex
	rnd      *rand.Rand
	log      []delivery // what it took, in order
	recorded string     // of the last connection's query
	closed   []websocket.StatusCode
}

func (g *rough) chance(p float64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rnd.Float64() < p
}

func (g *rough) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/stream" {
		http.NotFound(w, r)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow() //nolint:errcheck // the test's end of a connection that is over
	ws.SetReadLimit(1 << 20)
	g.mu.Lock()
	g.recorded = r.URL.Query().Get("recorded")
	g.mu.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	var acking sync.WaitGroup
	defer acking.Wait()
	defer cancel()
	parser, count, answered := wire.Parser{}, int64(0), atomic.Int64{}
	acking.Go(func() { g.acknowledge(ctx, ws, &answered) })
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			g.mu.Lock()
			g.closed = append(g.closed, websocket.CloseStatus(err))
			g.mu.Unlock()
			return
		}
		if g.chance(g.drop) {
			return // before it took them
		}
		answers := []string{}
		err = parser.Frame(b, func(f *argos.Fix, err error) {
			count++
			switch {
			case err != nil:
				answers = append(answers, fmt.Sprintf(`{"nack":%d,"error":%q}`, count, err))
			case g.refuse != nil && g.refuse(f):
				answers = append(answers, fmt.Sprintf(`{"nack":%d,"error":"told to"}`, count))
			default:
				g.mu.Lock()
				g.log = append(g.log, delivery{f.TruckID, f.Seq})
				g.mu.Unlock()
			}
		})
		if err != nil {
			panic(err)
		}
		if g.chance(g.drop) {
			return // after it took them: the sender cannot know
		}
		for _, a := range answers {
			if ws.Write(ctx, websocket.MessageText, []byte(a)) != nil {
				return
			}
			if g.chance(g.drop / 20) {
				return // after some of the refusals
			}
		}
		answered.Store(count)
	}
}

// acknowledge answers late and in lumps, for it looks at what is done only now and then.
func (g *rough) acknowledge(ctx context.Context, ws *websocket.Conn, answered *atomic.Int64) {
	for told := int64(0); ctx.Err() == nil; {
		if n := answered.Load(); n > told {
			if told = n; ws.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"ack":%d}`, n)) != nil {
				return
			}
		}
		g.mu.Lock()
		pause := time.Duration(g.rnd.IntN(10_000)) * time.Microsecond
		g.mu.Unlock()
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// BenchmarkSend is the whole way of a fix to a gateway that takes everything at once, and back.
func BenchmarkSend(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow() //nolint:errcheck // the connection is over
		ws.SetReadLimit(1 << 20)
		for n := 0; ; {
			_, frame, err := ws.Read(r.Context())
			if err != nil {
				return
			}
			n += bytes.Count(frame, []byte(`"truck_id"`))
			if ws.Write(r.Context(), websocket.MessageText, fmt.Appendf(nil, `{"ack":%d}`, n)) != nil {
				return
			}
		}
	}))
	defer server.Close()
	book, err := ledger.Open(filepath.Join(b.TempDir(), "ledger"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := sender.New(b.Context(), sender.Config{URL: server.URL, Ledger: book, Run: "run-1", Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	all := fixes(100, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Send(b.Context(), all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(s.Close(b.Context()), book.Close()); err != nil {
		b.Fatal(err)
	}
}
