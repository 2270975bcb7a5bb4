package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"argos"
	"argos/benchmarks/backlog"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/sqliteio"
	"argos/rig"
)

const (
	partitions = 8
	lookEvery  = 50 * time.Millisecond
	patience   = 5 * time.Minute // for a backlog to be stored
	warmUp     = 5 * time.Second // of a steady load: the first fixes of each truck are another load
)

// bench is a broker with a backlog, and a gateway.
type bench struct {
	options
	dir, binary string

	kafka   *rig.Kafka
	gateway *rig.Server
	device  string
}

func (b *bench) start(ctx context.Context) (err error) {
	data := filepath.Join(b.dir, "kafka")
	if err := os.Mkdir(data, 0o755); err != nil {
		return err
	}
	if b.kafka, err = rig.StartKafka(ctx, data, rig.KafkaConfig{}); err != nil {
		return err
	}
	addrs, err := rig.FreeAddrs(2)
	if err != nil {
		return err
	}
	b.device = addrs[0]
	b.gateway, err = rig.Launch(ctx, saying("gateway takes fixes"), b.binary, "gateway", "--kafka", b.kafka.Addr,
		"--listen", addrs[0], "--admin", addrs[1], "--partitions", strconv.Itoa(partitions))
	if err != nil {
		return err
	}
	return backlog.Write(ctx, b.kafka.Addr, b.Fixes, b.Fleet)
}

func (b *bench) end() {
	if b.gateway != nil {
		b.gateway.Kill()
	}
	if b.kafka != nil {
		b.kafka.Kill()
	}
}

func saying(what string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, what) }
}

// crew are workers at work.
type crew []struct {
	*rig.Server
	admin string
}

func (c crew) kill() {
	for _, w := range c {
		w.Kill()
	}
}

func (c crew) cpu() (sum float64, err error) {
	for _, w := range c {
		s, err := rig.CPU(w.PID())
		if err != nil {
			return 0, err
		}
		sum += s
	}
	return sum, nil
}

// count sums a counter over the workers.
func (c crew) count(ctx context.Context, name string) (sum float64, err error) {
	for _, w := range c {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.admin+"/metrics", http.NoBody)
		if err != nil {
			return 0, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, fmt.Errorf("metrics: %w", err)
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(res.Body)
		res.Body.Close()
		if err != nil {
			return 0, fmt.Errorf("metrics: %w", err)
		}
		for _, m := range families[name].GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum, nil
}

// hire starts n workers on a store.
func (b *bench) hire(ctx context.Context, n int, store string) (c crew, err error) {
	addrs, err := rig.FreeAddrs(n)
	if err != nil {
		return nil, err
	}
	for _, admin := range addrs {
		s, err := rig.Launch(ctx, saying("the pipeline runs"), b.binary, "pipeline",
			"--kafka", b.kafka.Addr, "--store", store, "--admin", admin)
		if err != nil {
			c.kill()
			return nil, err
		}
		c = append(c, struct {
			*rig.Server
			admin string
		}{s, admin})
	}
	return c, nil
}

// measure gives the backlog and the load to n workers.
func (b *bench) measure(ctx context.Context, turn, n int) (f figures, err error) {
	uri := sqliteio.URI(filepath.Join(b.dir, fmt.Sprintf("%d.db", turn)))
	store, err := argos.Process.Open(ctx, uri)
	if err != nil {
		return f, err
	}
	defer store.Close() //nolint:errcheck // it was only read
	began := time.Now()
	c, err := b.hire(ctx, n, uri)
	if err != nil {
		return f, err
	}
	defer c.kill()
	held, err := b.stored(ctx, store)
	if err != nil {
		return f, fmt.Errorf("drain: %w", err)
	}
	cpu, err := c.cpu() // from the processes' start on, for a worker more is a start more
	if err != nil {
		return f, err
	}
	f.drain, f.drainCPU = float64(held)/time.Since(began).Seconds(), cpu/float64(held)*1e6
	if f.refused, err = c.count(ctx, "argos_sink_refused_documents_total"); err != nil {
		return f, err
	}
	return f, b.steady(ctx, turn, c, &f)
}

// steady measures what the load costs once it is under way.
func (b *bench) steady(ctx context.Context, turn int, c crew, f *figures) error {
	load, err := rig.Launch(
		ctx,
		nil,
		b.binary,
		"simulate",
		"--to",
		"ws://"+b.device,
		"--ledger",
		filepath.Join(b.dir, fmt.Sprintf("%d.ndjson", turn)),
		"--trucks",
		strconv.Itoa(b.Fleet),
		"--rate",
		strconv.FormatFloat(float64(b.Rate)/float64(b.Fleet), 'g', -1, 64),
	)
	if err != nil {
		return err
	}
	defer load.Stop()
	var stored, refused, cpu [2]float64
	for i, d := range []time.Duration{warmUp, b.For} {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return ctx.Err()
		}
		if stored[i], err = c.count(ctx, "argos_sink_records_total"); err != nil {
			return err
		}
		if refused[i], err = c.count(ctx, "argos_sink_refused_documents_total"); err != nil {
			return err
		}
		if cpu[i], err = c.cpu(); err != nil {
			return err
		}
	}
	f.steadyCPU = (cpu[1] - cpu[0]) / (stored[1] - stored[0]) * 1e6
	f.refusedIdle = refused[1] - refused[0]
	return nil
}

// stored waits until the marks cover all that the log holds, and says how much that is.
func (b *bench) stored(ctx context.Context, store argos.Store) (held int64, err error) {
	log, err := kafkaio.Offsets(ctx, cluster.Plain(b.kafka.Addr), argos.Topic)
	if err != nil {
		return 0, err
	}
	for _, r := range log {
		held += r.Last
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		marks, err := store.Marks(ctx, argos.Topic)
		n := int64(0)
		for _, m := range marks {
			n += m.Offset
		}
		if err == nil && n >= held {
			return held, nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, fmt.Errorf("not all is stored within %v", patience)
}
