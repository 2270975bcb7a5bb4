package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"argos/io/kfakeio"
)

// spareFiles is how many files a process may need beside its sockets.
const spareFiles = 200

// fleetOfSockets is many devices, each with a socket of its own, against a gateway in a process of its own.
type fleetOfSockets struct {
	b       *testing.B
	gateway *process
	conns   []*device
	readers sync.WaitGroup

	mu   sync.Mutex
	acks *hdrhistogram.Histogram // us from a fix's sending to its ack
}

type device struct {
	*websocket.Conn
	id   string
	seq  int
	sent atomic.Int64 // us, of the fix that has no ack yet; 0: none
}

func newFleetOfSockets(b *testing.B, n int) *fleetOfSockets {
	b.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || int(limit.Max) < n+spareFiles {
		b.Skipf("a process may have %d files open, which is too few for %d sockets (ulimit -Hn)", limit.Max, n)
	}
	broker, err := kfakeio.Start(kfakeio.Config{Dir: b.TempDir(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(broker.Close)
	addr := freeAddr(b)
	f := &fleetOfSockets{b: b, acks: hdrhistogram.New(1, 60_000_000, 3)}
	f.gateway = start(b, "gateway", "--kafka", broker.Addr(), "--listen", addr, "--admin", freeAddr(b))
	eventually(b, "the gateway listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	f.dial("ws://"+addr+"/v1/stream", n)
	return f
}

func (f *fleetOfSockets) dial(url string, n int) {
	f.b.Helper()
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: 512, WriteBufferSize: 512}}
	f.conns = make([]*device, n)
	var g errgroup.Group
	g.SetLimit(64)
	for i := range n {
		g.Go(func() error {
			c, res, err := websocket.Dial(context.Background(), url, &websocket.DialOptions{HTTPClient: client})
			if err != nil {
				return err
			}
			_ = res // its body is the socket
			f.conns[i] = &device{Conn: c, id: fmt.Sprintf("T-%05d", i)}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		f.b.Fatal(err)
	}
	for _, d := range f.conns {
		f.readers.Go(func() { f.read(d) })
	}
	f.b.Cleanup(func() {
		for _, d := range f.conns {
			d.CloseNow()
		}
		f.readers.Wait()
	})
}

// read takes a device's acks until its socket is closed.
func (f *fleetOfSockets) read(d *device) {
	for {
		if _, _, err := d.Read(context.Background()); err != nil {
			return
		}
		if at := d.sent.Swap(0); at > 0 {
			f.mu.Lock()
			f.acks.RecordValue(time.Now().UnixMicro() - at)
			f.mu.Unlock()
		}
	}
}

// second sends a fix of each device, spread evenly over a second.
func (f *fleetOfSockets) second() {
	start := time.Now()
	for i, d := range f.conns {
		if i%20 == 0 {
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(len(f.conns)))))
		}
		now := time.Now()
		d.seq++
		fix := fmt.Appendf(nil, `{"truck_id":%q,"ts":%d,"lat":51.9,"lon":4.4,"speed":12.5,"heading":90,"accuracy":4,"seq":%d}`, d.id, now.UnixMilli(), d.seq)
		d.sent.CompareAndSwap(0, now.UnixMicro()) // an ack that is late counts from its own fix
		if err := d.Write(context.Background(), websocket.MessageText, fix); err != nil {
			f.b.Fatal(err)
		}
	}
	time.Sleep(time.Until(start.Add(time.Second)))
}

// usage is the gateway's resident memory (bytes) and processor time (s).
func (f *fleetOfSockets) usage() (rss, cpu float64) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.gateway.cmd.Process.Pid))
	if err != nil {
		f.b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			f.b.Fatal(err)
		}
		return n
	}
	return number(22) * float64(os.Getpagesize()), (number(12) + number(13)) / 100 // ticks of Linux
}

// BenchmarkSockets is a gateway, a process of its own, with many sockets: a fix a second on each, one iteration a second
// (-benchtime 20x); or silent. CPU and memory are the gateway's alone; the time to an ack is the devices'.
func BenchmarkSockets(b *testing.B) {
	b.Run("10000x1Hz", func(b *testing.B) {
		f := newFleetOfSockets(b, 10_000)
		f.second() // producers connect, batches find their size
		f.second()
		f.mu.Lock()
		f.acks.Reset()
		f.mu.Unlock()
		_, before := f.usage()
		b.ResetTimer()
		for range b.N {
			f.second()
		}
		b.StopTimer()
		rss, after := f.usage()
		f.mu.Lock()
		defer f.mu.Unlock()
		b.ReportMetric((after-before)*1e6/float64(b.N*len(f.conns)), "cpu-s/M")
		b.ReportMetric(float64(f.acks.ValueAtQuantile(50))/1000, "p50-ack-ms")
		b.ReportMetric(float64(f.acks.ValueAtQuantile(99))/1000, "p99-ack-ms")
		b.ReportMetric(rss/1e6, "MB")
		b.ReportMetric(float64(f.acks.TotalCount())/float64(b.N*len(f.conns)), "acks/fix")
		b.ReportMetric(0, "ns/op")
	})
	for _, n := range []int{18_000, 50_000} {
		b.Run(fmt.Sprintf("%d-idle", n), func(b *testing.B) {
			f := newFleetOfSockets(b, n)
			_, before := f.usage()
			for range b.N {
				time.Sleep(time.Second)
			}
			rss, after := f.usage()
			b.ReportMetric(rss/1e6, "MB")
			b.ReportMetric(rss/1e3/float64(n), "kB/socket")
			b.ReportMetric((after-before)/float64(b.N), "cores")
			b.ReportMetric(0, "ns/op")
		})
	}
}
