package gateway

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twmb/franz-go/pkg/kfake"

	"argos/cluster"
)

// cpu is what this process has used: gateway, senders and broker alike.
func cpu() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkStream is the gateway saturated by hot loopback connections that send arrays, acks included. CPU-s/M counts the
// whole process; the broker keeps no bytes, and the senders write the same text again, so most of it is the gateway's.
func BenchmarkStream(b *testing.B) {
	const conns = 4
	for _, each := range []int{1, 20, 100, 500} {
		b.Run(fmt.Sprintf("array=%d", each), func(b *testing.B) {
			br := startBroker(b, 4, kfake.BlackholeProduce())
			g := startGateway(b, Config{Kafka: cluster.Plain(br.addr)})
			frames := b.N/(conns*each) + 1
			all := make([]*client, conns)
			for i := range all {
				all[i] = g.dial("")
			}
			start := cpu()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i, c := range all {
				text := []byte(fixes(fmt.Sprint("T-", i), 123456, each))
				if each == 1 {
					text = []byte(strings.Trim(string(text), "[]"))
				}
				wg.Go(func() {
					for range frames {
						if err := c.Write(context.Background(), websocket.MessageText, text); err != nil {
							b.Error(err)
							return
						}
					}
				})
				wg.Go(func() {
					for c.acked < uint64(frames*each) {
						_, reply, err := c.Read(context.Background())
						if err != nil {
							b.Error(err)
							return
						}
						if _, err := fmt.Sscanf(string(reply), `{"ack":%d}`, &c.acked); err != nil {
							b.Errorf("%s: %v", reply, err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			n := float64(conns * frames * each)
			b.ReportMetric((cpu()-start).Seconds()*1e6/n, "CPU-s/M")
			b.ReportMetric(n/b.Elapsed().Seconds(), "fixes/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
