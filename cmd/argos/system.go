package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/cluster"
	"argos/gateway"
	"argos/io/kafkaio"
	"argos/io/kfakeio"
	"argos/ledger"
	"argos/pipelines"
	"argos/sender"
	"argos/web"
)

// demo is the whole system in one process.
type demo struct {
	cmd      *demoCmd
	shards   int
	log      *slog.Logger
	term     terminal
	feed     feed
	dir      *dataDir
	listener net.Listener
	reg      *prometheus.Registry

	kafka   cluster.Config
	broker  *kfakeio.Broker // nil with --kafka
	store   argos.Store
	live    *pipelines.Live
	gateway *gateway.Gateway
	web     *web.Server
	server  *http.Server
	ledger  *ledger.Writer
	sent    *sender.Sender
}

func (d *demo) start(ctx context.Context) (err error) {
	if d.kafka = d.cmd.cluster(); len(d.kafka.Brokers) == 0 {
		if d.broker, err = kfakeio.Start(kfakeio.Config{Dir: d.dir.log(), Log: d.log}); err != nil {
			return err
		}
		d.kafka = cluster.Plain(d.broker.Addr())
	} else if err = ensureTopics(ctx, d.kafka, kfakeio.DefaultPartitions); err != nil {
		return err
	}
	if d.store, err = argos.Process.Open(ctx, d.dir.store()); err != nil {
		return err
	}
	if d.ledger, err = ledger.Open(d.dir.ledger()); err != nil {
		return err
	}
	if d.live, err = pipelines.Start(context.WithoutCancel(ctx), pipelines.Config{
		Kafka: d.kafka, StoreURI: d.dir.store(), Shards: d.shards, Memory: int64(d.cmd.Memory), Log: d.log,
	}); err != nil {
		return err
	}
	d.reg.MustRegister(pipelines.Collectors()...)
	if d.gateway, err = gateway.New(ctx, gateway.Config{Kafka: d.kafka, Registerer: d.reg, Log: d.log}); err != nil {
		return err
	}
	d.web = web.New(web.Config{Store: d.store, Registerer: d.reg, Log: d.log})
	mux := http.NewServeMux()
	mux.Handle("/", d.web.Handler())
	mux.Handle("/v1/stream", d.gateway.Handler())
	mux.Handle("/v1/fixes", d.gateway.Handler())
	operator := admin{reg: d.reg, ready: func(ctx context.Context) error { return errors.Join(d.gateway.Ready(ctx), d.live.Ready(ctx)) }}.handler()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		mux.Handle(path, operator)
	}
	mux.Handle("/debug/pprof/", operator)
	d.server = server(mux, d.log)
	go d.server.Serve(d.listener) //nolint:errcheck // it ends with close
	d.sent, err = sender.New(context.WithoutCancel(ctx), sender.Config{
		URL: "ws://" + d.listener.Addr().String() + "/v1/stream", Recorded: d.feed.recorded,
		Ledger: d.ledger, Run: time.Now().UTC().Format("20060102T150405.000Z"), Log: d.log, Registerer: d.reg,
	})
	return err
}

// drain takes the fleet off, and waits until all that the log holds is stored.
func (d *demo) drain(ctx context.Context) error {
	if err := d.sent.Close(ctx); err != nil {
		return fmt.Errorf("wait for the last acknowledgements: %w", err)
	}
	if err := d.ledger.Close(); err != nil {
		return err
	}
	if err := d.gateway.Close(ctx); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	ranges, err := kafkaio.Offsets(ctx, d.kafka, argos.Topic)
	if err != nil {
		return err
	}
	ends := make([]int64, len(ranges))
	for p, r := range ranges {
		ends[p] = r.Last
	}
	if err := d.live.WaitFor(ctx, ends); err != nil {
		return err
	}
	return d.live.Stop(ctx)
}

// close stops what was started, in the order of the data's way, without waiting for what drain has not seen through.
func (d *demo) close() {
	gone, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if d.sent != nil {
		d.sent.Close(gone) //nolint:errcheck // after drain it has nothing to say
	}
	if d.gateway != nil {
		d.gateway.Close(gone) //nolint:errcheck // as above
	}
	if d.server != nil {
		d.server.Close()
	}
	if d.web != nil {
		d.web.Close()
	}
	if d.live != nil {
		if err := d.live.Stop(gone); err != nil {
			d.log.Warn("the pipeline did not stop cleanly; the next start resumes it", "err", err)
		}
	}
	if d.ledger != nil {
		d.ledger.Close() //nolint:errcheck // as above
	}
	if d.store != nil {
		d.store.Close() //nolint:errcheck // as above
	}
	if d.broker != nil {
		d.broker.Close()
	}
}
