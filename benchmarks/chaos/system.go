package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"argos"
	"argos/audit"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
	"argos/io/mongoio"
	"argos/io/sqliteio"
	"argos/rig"
)

func init() {
	argos.Process.Register(sqliteio.Scheme, sqliteio.Open)
	argos.Process.Register(mongoio.Scheme, mongoio.Open)
}

const partitions = kfakeio.DefaultPartitions

// brokerRole makes this program an embedded broker: broker DIR ADDR, until SIGTERM.
const brokerRole = "broker"

func serveBroker(dir, addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	b, err := kfakeio.Start(kfakeio.Config{Dir: dir, Listen: addr, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	<-ctx.Done()
	b.Close()
	return nil
}

// system is the roles as processes of the real binary, and the links between them.
type system struct {
	options
	parts
	dir, binary string

	broker, gateway, pipeline, mongo *part
	workers                          []*part // the pipeline, and those that share its partitions
	load                             *rig.Server
	flink                            *rig.Flink // if the row wants it
	worker                           *part      // the one of its workers that has metrics; not ours to start
	disk                             *disk      // a small one, if the row wants it

	devices, produce, consume, persist *link // devices-gateway, gateway-broker, pipeline-broker, pipeline-MongoDB

	brokerAddr string // direct
	store      string // direct
	storedAt   string // as the pipeline reaches it
}

func (s *system) path(name string) string { return filepath.Join(s.dir, name) }

func (s *system) start(ctx context.Context) error {
	for _, dir := range []string{"broker", "store"} {
		if err := os.Mkdir(s.path(dir), 0o755); err != nil {
			return err
		}
	}
	if s.small != "" {
		var err error
		if s.disk, err = mountSmall(s.path(s.small)); err != nil {
			return err
		}
	}
	addrs, err := rig.FreeAddrs(6 + s.parts.workers)
	if err != nil {
		return err
	}
	if s.devices, err = newLink(addrs[0]); err != nil {
		return err
	}
	if err := s.startBroker(ctx, addrs[1], addrs[2], addrs[3]); err != nil {
		return err
	}
	if err := s.startStore(ctx); err != nil {
		return err
	}
	if s.parts.flink {
		if err := s.startFlink(ctx); err != nil {
			return err
		}
	}
	s.gateway = s.role("gateway takes fixes", addrs[4], "gateway", "--kafka", s.produce.addr, "--listen", addrs[0], "--partitions", strconv.Itoa(partitions))
	s.pipeline = s.newPipeline(addrs[5])
	s.workers = []*part{s.pipeline}
	for n := 1; n < s.parts.workers; n++ {
		s.workers = append(s.workers, s.newPipeline(addrs[5+n]))
	}
	for _, p := range append([]*part{s.gateway}, s.workers...) {
		if err := p.atLast(ctx); err != nil {
			return err
		}
	}
	s.load, err = rig.Launch(ctx, nil, s.binary, "simulate", "--to", "ws://"+s.devices.addr, "--ledger", s.path("ledger.ndjson"),
		"--trucks", strconv.Itoa(s.Fleet), "--rate", strconv.FormatFloat(float64(s.rate())/float64(s.Fleet), 'g', -1, 64))
	return err
}

func (s *system) newPipeline(admin string) *part {
	if s.flink != nil {
		return s.onFlink(admin)
	}
	return s.role("the pipeline runs", admin, "pipeline", "--kafka", s.consume.addr, "--store", s.storedAt)
}

// rate is the load. A MongoDB-protocol server of our own bears no more than a tenth of the usual one.
func (s *system) rate() int {
	if s.parts.mongo && fullMongo() == "" {
		return s.Rate / 10
	}
	if s.parts.flink {
		return min(s.Rate, flinkRate)
	}
	return s.Rate
}

// startBroker starts Apache Kafka with a door behind each proxy, or the embedded broker, which has one address and no proxies.
func (s *system) startBroker(ctx context.Context, produced, consumed, embedded string) (err error) {
	if s.embedded {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		s.brokerAddr = embedded
		s.produce, s.consume = &link{addr: embedded}, &link{addr: embedded}
		s.broker = &part{name: "broker", launch: func(ctx context.Context) (*rig.Server, error) {
			return rig.Launch(ctx, said("embedded Kafka-protocol broker"), self, brokerRole, s.path("broker/log"), embedded)
		}}
		return s.broker.begin(ctx)
	}
	if s.produce, err = newLink(produced); err != nil {
		return err
	}
	if s.consume, err = newLink(consumed); err != nil {
		return err
	}
	kafka, err := rig.StartKafka(ctx, s.path("broker"), rig.KafkaConfig{
		Proxied: []rig.Listener{{Advertised: s.produce.addr, Listen: produced}, {Advertised: s.consume.addr, Listen: consumed}},
	})
	if errors.Is(err, rig.ErrMissing) {
		return fmt.Errorf("%w: %w", errNotHere, err)
	}
	if err != nil {
		return err
	}
	s.brokerAddr = kafka.Addr
	s.broker = &part{name: "broker", Server: kafka.Server, launch: func(ctx context.Context) (*rig.Server, error) {
		err := kafka.Start(ctx)
		return kafka.Server, err
	}}
	return nil
}

// settle ends the load, whose senders wait for their last answers, and waits until all of the log is stored.
func (s *system) settle(ctx context.Context) error {
	s.load.Stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	store, err := argos.Process.Open(ctx, s.store)
	if err != nil {
		return err
	}
	defer store.Close()
	for {
		behind, err := s.behind(ctx, store)
		if err == nil && behind == 0 {
			return nil
		}
		if pause(ctx, lookEvery) != nil {
			return fmt.Errorf("%d records are not stored: %w", behind, errors.Join(ctx.Err(), err))
		}
	}
}

// behind is how many offsets of the log no mark covers.
func (s *system) behind(ctx context.Context, store argos.Store) (behind int64, err error) {
	log, err := kafkaio.Offsets(ctx, cluster.Plain(s.brokerAddr), argos.Topic)
	if err != nil {
		return 0, err
	}
	marks, err := store.Marks(ctx, argos.Topic)
	if err != nil {
		return 0, err
	}
	for _, r := range log {
		behind += r.Last
	}
	for _, m := range marks {
		behind -= m.Offset
	}
	return behind, nil
}

// audit runs argos audit and takes its figures.
func (s *system) audit(ctx context.Context, res *result) error {
	c := exec.CommandContext(ctx, s.binary, "audit", "--ledger", s.path("ledger.ndjson"), "--kafka", s.brokerAddr, "--store", s.store) //nolint:gosec // ours
	out, err := c.Output()
	var r audit.Report
	if jerr := json.Unmarshal(out, &r); jerr != nil {
		return fmt.Errorf("audit: %w", errors.Join(err, jerr))
	}
	res.Acked, res.Lost, res.Diverged, res.Duplicates = r.Acked, r.Lost, r.Diverged, r.Resent
	if !r.Clean() || r.Pending > 0 || r.Acked == 0 {
		return fmt.Errorf("audit: %s", out)
	}
	return err
}

// end kills whatever runs.
func (s *system) end() {
	if s.load != nil {
		s.load.Kill()
	}
	for _, p := range append([]*part{s.gateway, s.pipeline, s.broker, s.mongo}, s.workers...) {
		if p != nil && p.Server != nil {
			_ = p.Resume() // one that was stopped
			p.Kill()
		}
	}
	if s.flink != nil {
		s.flink.Kill()
	}
	for _, l := range []*link{s.devices, s.produce, s.consume, s.persist} {
		if l != nil {
			l.close()
		}
	}
	if s.disk != nil {
		s.disk.unmount()
	}
}
