package pipelines

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
	"argos/wire"
)

// topic is a topic of a real broker with what a test has put into it.
type topic struct {
	t          testing.TB
	addr       string
	partitions int
	client     *kafka.Client
}

func newTopic(t testing.TB, partitions int) *topic {
	t.Helper()
	b, err := kfakeio.Start(kfakeio.Config{Dir: t.TempDir(), Partitions: partitions, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return topicAt(t, b.Addr(), partitions)
}

func topicAt(t testing.TB, addr string, partitions int) *topic {
	c := &kafka.Client{Addr: kafka.TCP(addr), Timeout: 30 * time.Second, Transport: &kafka.Transport{}}
	t.Cleanup(c.Transport.(*kafka.Transport).CloseIdleConnections)
	return &topic{t, addr, partitions, c}
}

func (p *topic) config(uri string) Config {
	return Config{Kafka: cluster.Plain(p.addr), StoreURI: uri, DrainWithin: 30 * time.Second}
}

// put appends values to a partition, in order, in batches that a broker takes.
func (p *topic) put(partition int, values ...[]byte) {
	p.t.Helper()
	for len(values) > 0 {
		n, size := 0, 0
		for n < len(values) && n < 8000 && size < 900_000 {
			size += len(values[n]) + 16
			n++
		}
		records := make([]kafka.Record, n)
		now := time.Now()
		for i, v := range values[:n] {
			records[i].Time = now
			if v != nil {
				records[i].Value = kafka.NewBytes(v)
			}
		}
		res, err := p.client.Produce(p.t.Context(), &kafka.ProduceRequest{
			Topic: argos.Topic, Partition: partition, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(records...),
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			p.t.Fatalf("produce to partition %d: %v", partition, err)
		}
		values = values[n:]
	}
}

// fill puts n fixes of so many trucks into the topic, the trucks taking turns, each driving straight on at 10 m/s with a fix
// a second; lacking bytes, they were all received just now.
func (p *topic) fill(n, trucks int) {
	p.t.Helper()
	by := make([][]int, p.partitions)
	for k := range trucks {
		at := argos.PartitionOf(truckID(k), p.partitions)
		by[at] = append(by[at], k)
	}
	var g errgroup.Group
	for partition, mine := range by {
		g.Go(func() error {
			const chunk = 40_000
			values := make([][]byte, 0, chunk)
			for round := 0; round*trucks < n; round++ {
				for _, k := range mine {
					if round*trucks+k >= n {
						continue
					}
					if values = append(values, fixOf(k, round)); len(values) == chunk {
						p.put(partition, values...)
						values = values[:0]
					}
				}
			}
			p.put(partition, values...)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

func truckID(k int) string { return fmt.Sprintf("T-%05d", k) }

var epoch = time.Now().Add(-24 * time.Hour).UnixMilli()

// valueOf is the record of any truck's n-th second.
func valueOf(id string, n int) []byte {
	r := argos.Record{Fix: argos.NewFix(id, epoch+int64(n)*1000, 52+float64(n)*9e-5, 13), Recv: time.Now().UnixMilli()}
	r.Speed, r.Heading, r.Accuracy = 10, 0, 4
	return wire.AppendRecord(nil, &r)
}

// fixOf is the record of a truck's n-th second.
func fixOf(truck, n int) []byte { return valueOf(truckID(truck), n) }

// ends are the offsets at which the partitions end.
func (p *topic) ends() (ends []int64) {
	p.t.Helper()
	log, err := kafkaio.Offsets(p.t.Context(), cluster.Plain(p.addr), argos.Topic)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, r := range log {
		ends = append(ends, r.Last)
	}
	return ends
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func begun(t testing.TB, cfg Config) *Live {
	t.Helper()
	l, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		l.Stop(ended)
	})
	return l
}

// stored runs a pipeline until all that the topic holds is stored, and drains it.
func (p *topic) stored(cfg Config) *Live {
	p.t.Helper()
	l := begun(p.t, cfg)
	if err := l.WaitFor(within(p.t, 2*time.Minute), p.ends()); err != nil {
		p.t.Fatal(err)
	}
	if err := l.Stop(within(p.t, time.Minute)); err != nil {
		p.t.Fatal(err)
	}
	return l
}
