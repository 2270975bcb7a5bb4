package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"argos/io/kfakeio"
	"argos/rig"
)

// brokerDir makes this program an embedded broker on that folder, until its standard input ends.
const brokerDir = "ARGOS_SOAK_BROKER"

func serveBroker(dir string) error {
	b, err := kfakeio.Start(kfakeio.Config{Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// system is the roles as processes, in the order of the data's way.
type system struct {
	config
	data  string // log, documents, ledger, binary
	log   string // what the broker is, for people
	addr  string // of the broker
	kafka *rig.Kafka
	pids  []watched
	roles map[string]*role
}

// watched is a process whose memory and processor time are of interest.
type watched struct {
	name  string
	pid   int
	admin string // host:port of its metrics; empty: it has none
}

func (s *system) path(name string) string { return filepath.Join(s.data, name) }
func (s *system) store() string           { return "sqlite:" + s.path("trucks.db") }

func (s *system) start(ctx context.Context) error {
	s.roles = map[string]*role{}
	build := exec.CommandContext(ctx, "go", "build", "-o", s.path("argos"), "argos/cmd/argos")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build argos: %w: %s", err, out)
	}
	if err := s.startBroker(ctx); err != nil {
		return err
	}
	addrs, err := rig.FreeAddrs(5)
	if err != nil {
		return err
	}
	gateway := addrs[0]
	for _, r := range []struct {
		name, admin string
		args        []string
	}{
		{"gateway", addrs[1], []string{"--kafka", s.addr, "--listen", gateway, "--admin", addrs[1]}},
		{"pipeline", addrs[2], []string{"--kafka", s.addr, "--store", s.store(), "--admin", addrs[2]}},
		{"serve", addrs[3], []string{"--store", s.store(), "--listen", addrs[4], "--admin", addrs[3]}},
		{"simulate", "", []string{
			"--to", "ws://" + gateway, "--trucks", strconv.Itoa(s.trucks),
			"--rate", strconv.FormatFloat(float64(s.rate)/float64(s.trucks), 'g', -1, 64), "--ledger", s.path("ledger.ndjson"),
		}},
	} {
		p, err := s.launch(r.name, append([]string{r.name}, r.args...)...)
		if err != nil {
			return err
		}
		s.pids = append(s.pids, watched{r.name, p.cmd.Process.Pid, r.admin})
		if r.admin == "" {
			continue
		}
		if err := ready(ctx, p, r.admin); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) startBroker(ctx context.Context) (err error) {
	switch s.broker {
	case "kafka":
		s.log = "Apache Kafka"
		if err := os.Mkdir(s.path("kafka"), 0o755); err != nil {
			return err
		}
		if s.kafka, err = rig.StartKafka(ctx, s.path("kafka"), rig.KafkaConfig{
			Java: []string{"-Xms512m", "-XX:+AlwaysPreTouch"}, // its heap is whole from the start, so what grows is not it
		}); err != nil {
			if errors.Is(err, rig.ErrMissing) {
				return fmt.Errorf("%w; --broker embedded needs nothing", err)
			}
			return err
		}
		s.addr = s.kafka.Addr
		s.pids = append(s.pids, watched{name: "kafka", pid: s.kafka.PID()})
		return nil
	case "embedded":
		s.log = "an embedded broker"
		p, addr, err := s.launchBroker(s.path("log"))
		if err != nil {
			return err
		}
		s.addr = addr
		s.pids = append(s.pids, watched{name: "broker", pid: p.cmd.Process.Pid})
		return nil
	}
	return fmt.Errorf("--broker %s: want kafka or embedded", s.broker)
}

// settle ends the load, lets the pipeline store the rest, and audits: whether nothing is lost and no document is wrong.
func (s *system) settle(ctx context.Context, to io.Writer) (clean bool, err error) {
	if err := s.roles["simulate"].stop(); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for behind := true; behind; {
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("wait until all is stored: %w", ctx.Err())
		case <-tick.C:
		}
		m, err := scrape(ctx, s.adminOf("pipeline"))
		if err != nil {
			return false, err
		}
		behind = total(lag(m)) > 0
	}
	for _, name := range []string{"serve", "gateway", "pipeline"} {
		if err := s.roles[name].stop(); err != nil {
			return false, err
		}
	}
	audit := exec.CommandContext(ctx, s.path("argos"), "audit", "--ledger", s.path("ledger.ndjson"), "--kafka", s.addr, "--store", s.store())
	report, err := audit.Output()
	fmt.Fprintf(to, "audit: %s", report)
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		fmt.Fprintf(to, "%s", ended.Stderr)
		return false, nil
	}
	return err == nil, err
}

func (s *system) adminOf(name string) string {
	for _, w := range s.pids {
		if w.name == name {
			return w.admin
		}
	}
	return ""
}

// kill ends whatever still runs.
func (s *system) kill() {
	for _, r := range s.roles {
		r.kill()
	}
	if s.kafka != nil {
		s.kafka.Kill()
	}
}

// ready waits until a role says that it can do its work.
func ready(ctx context.Context, p *role, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready within a minute: see %s", p.name, p.logs)
		}
	}
}
