package sender_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/gateway"
	"argos/io/kfakeio"
	"argos/ledger"
	"argos/sender"
	"argos/sim"
	"argos/wire"
)

// TestRealGateway sends a simulated fleet through the gateway into the embedded broker, stops that gateway in the middle
// and starts another at the same address: what the ledger calls acked is in the log, what it calls refused is not.
func TestRealGateway(t *testing.T) {
	broker, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 4, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	open := func() *gateway.Gateway {
		g, err := gateway.New(t.Context(), gateway.Config{Kafka: cluster.Plain(broker.Addr()), Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	var present atomic.Pointer[gateway.Gateway]
	present.Store(open())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		present.Load().Handler().ServeHTTP(w, r)
	}))
	defer server.Close()

	path := filepath.Join(t.TempDir(), "ledger")
	book, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sender.New(t.Context(), sender.Config{URL: server.URL, Ledger: book, Run: "run-1", Connections: 3, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	// Ten minutes ago, so that the fleet's clocks, which here run as fast as they can, are not ahead of the gateway's.
	fleet := sim.New(sim.Config{Trucks: 50, Seed: 4, Start: time.Now().Add(-10 * time.Minute)})
	const n = 20_000
	taken := map[delivery]bool{}
	for i := range n {
		if i == n/2 {
			old := present.Swap(open())
			if err := old.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		fix, _ := fleet.Next()
		taken[delivery{fix.TruckID, fix.Seq}] = true
		if err := s.Send(t.Context(), fix); err != nil {
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
	last := present.Load()
	if err := last.Close(ctx); err != nil {
		t.Fatal(err)
	}

	inLog, got := logged(t, broker.Addr(), 4), outcomes(t, path)
	if len(got) != n || len(taken) != n {
		t.Errorf("%d fixes, %d ledger entries", len(taken), len(got))
	}
	for d, o := range got {
		if !taken[d] || o == ledger.Unknown || (o == ledger.Acked) != inLog[d] {
			t.Fatalf("%v is %s, in the log: %v", d, o, inLog[d])
		}
	}
	st := s.Stats()
	if st.Acked+st.Refused != n || st.Reconnects == 0 || st.Refused == 0 || !strings.Contains(st.LastRefusal, "T-") {
		t.Errorf("%+v", st)
	}
	t.Logf("%+v", st)
}

// logged are the fixes in the log.
func logged(t *testing.T, broker string, partitions int) map[delivery]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	found, parser := map[delivery]bool{}, wire.Parser{}
	for p := range partitions {
		conn, err := kafka.DialLeader(ctx, "tcp", broker, argos.Topic, p)
		if err != nil {
			t.Fatal(err)
		}
		end, err := conn.ReadLastOffset()
		if err == nil {
			err = conn.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: argos.Topic, Partition: p, MaxBytes: 1 << 20, MaxWait: 20 * time.Millisecond})
		for at := int64(0); at < end; {
			m, err := r.ReadMessage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var rec argos.Record
			if err := parser.Record(m.Value, &rec); err != nil {
				t.Fatal(err)
			}
			found[delivery{rec.TruckID, rec.Seq}] = true
			at = m.Offset + 1
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
