package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/gateway"
	"argos/web"
)

// stopDeadline bounds a clean stop: what has not come to its end by then is cut off, and resumed by the next start.
const stopDeadline = 20 * time.Second

// shutdownTimeout is how long a server may take to end once it has nothing more to wait for than its peers.
const shutdownTimeout = 2 * time.Second

type gatewayCmd struct {
	kafkaFlags `embed:"" set:"kafka=127.0.0.1:9092"`
	Partitions int           `help:"Partitions of the topic when it has to be created." default:"8"`
	Listen     string        `help:"Address for devices." default:"127.0.0.1:8081"`
	Admin      string        `help:"Address for /metrics, /healthz, /readyz and pprof." default:"127.0.0.1:9101"`
	MaxFuture  time.Duration `help:"Refuse fixes whose clock is further ahead than this." default:"60s"`

	RequireReplicas int `help:"Refuse to start unless each acked fix is on so many replicas of Kafka." default:"1"`
}

func (gatewayCmd) Help() string {
	return `Devices send fixes to ws://LISTEN/v1/stream (one JSON object or an array a text frame; {"ack":n} counts the fixes that
Kafka has) or POST them as NDJSON to http://LISTEN/v1/fixes (answered when Kafka has them). SIGTERM stops reading, flushes, acks, closes.

Examples:
  argos gateway --kafka kafka-1:9092,kafka-2:9092 --listen :8081
  argos gateway --kafka kafka-1:9092 --require-replicas 2
  curl --data-binary '{"truck_id":"T-17","ts":1795000000000,"lat":51.92,"lon":4.48}' http://127.0.0.1:8081/v1/fixes`
}

// Validate refuses what can't be meant.
func (c gatewayCmd) Validate() error {
	switch {
	case c.Partitions < 1:
		return fmt.Errorf("--partitions %d: a topic has at least one", c.Partitions)
	case c.MaxFuture <= 0:
		return fmt.Errorf("--max-future %v: must be above 0", c.MaxFuture)
	case c.RequireReplicas < 1:
		return fmt.Errorf("--require-replicas %d: an ack is worth at least one", c.RequireReplicas)
	}
	return nil
}

func (c gatewayCmd) Run(ctx context.Context, log *slog.Logger) error {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	at := c.cluster()
	if err := ensureTopics(ctx, at, c.Partitions); err != nil {
		return err
	}
	reg := prometheus.NewRegistry()
	g, err := gateway.New(ctx, gateway.Config{
		Kafka: at, MaxFuture: c.MaxFuture, RequireReplicas: c.RequireReplicas, Registerer: reg, Log: log,
	})
	if err != nil {
		return err
	}
	// Whoever waits for Kafka is answered before the listeners close.
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	closed := make(chan error, 1)
	shut := func() {
		stopping, cancel := context.WithTimeout(serving, stopDeadline-shutdownTimeout-time.Second)
		defer cancel()
		closed <- g.Close(stopping)
		end()
	}
	running := context.AfterFunc(ctx, shut)
	err = serveUntil(serving, log, l, g.Handler(), c.Admin, admin{reg: reg, ready: g.Ready}, func() {
		log.Info("gateway takes fixes", "stream", fmt.Sprintf("ws://%s/v1/stream", l.Addr()), "kafka", at.String())
	})
	if running() { // no signal has come: a listener has failed
		shut()
	}
	if cerr := <-closed; err == nil && cerr != nil {
		err = fmt.Errorf("stop the gateway: %w", cerr)
	}
	return err
}

type serveCmd struct {
	Store  string `help:"Where the documents live, such as sqlite:trucks.db or mongodb://HOST/argos." default:"sqlite:trucks.db"`
	Listen string `help:"Address for the API and the page." default:"127.0.0.1:8080"`
	Admin  string `help:"Address for /metrics, /healthz, /readyz and pprof." default:"127.0.0.1:9103"`
}

func (serveCmd) Help() string {
	return `GET /v1/trucks/{id}, GET /v1/trucks?bbox=W,S,E,N (W > E crosses the antimeridian), and a page at /.

Examples:
  argos serve --store sqlite:trucks.db --listen :8080
  curl 'http://127.0.0.1:8080/v1/trucks?bbox=4.3,51.8,4.7,52.0'`
}

func (c serveCmd) Run(ctx context.Context, log *slog.Logger) error {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	store, err := argos.Process.Open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer store.Close()
	reg := prometheus.NewRegistry()
	w := web.New(web.Config{Store: store, Registerer: reg, Log: log})
	defer w.Close()
	return serveUntil(ctx, log, l, w.Handler(), c.Admin, admin{reg: reg, ready: store.Ping}, func() {
		log.Info("serving the fleet", "page", fmt.Sprintf("http://%s/", l.Addr()), "store", argos.Redacted(c.Store))
	})
}

// listen takes a port, before anything else is started: a port in use is the commonest mistake.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: %w", addr, rootCause(err))
	}
	return l, nil
}

// rootCause leaves out the layers that repeat the address.
func rootCause(err error) error {
	var op *net.OpError
	for e := err; e != nil; {
		if x, ok := e.(*net.OpError); ok { //nolint:errorlint // walking the chain
			op = x
			e = x.Err
			continue
		}
		return e
	}
	return op
}

// serveUntil serves on l, and the admin endpoints on adminAddr if given, until ctx ends or either fails. It calls up when it has
// both ports: not before can the role say that it runs.
func serveUntil(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler, adminAddr string, a admin, up func()) error {
	servers := []*http.Server{server(h, log)}
	failed := make(chan error, 2)
	go func() { failed <- servers[0].Serve(l) }()
	if adminAddr != "" {
		al, err := listen(ctx, adminAddr)
		if err != nil {
			servers[0].Close()
			return fmt.Errorf("admin endpoints: %w", err)
		}
		servers = append(servers, server(a.handler(), log))
		go func() { failed <- servers[1].Serve(al) }()
		log.Info("admin endpoints", "admin", al.Addr().String())
	}
	up()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(stopping) != nil {
			s.Close()
		}
	}
	return err
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}
