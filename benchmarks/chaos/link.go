package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// link is the network between two parts. Without a proxy it can't be broken.
type link struct {
	addr  string // where its client connects
	proxy *toxiproxy.Proxy
}

// newLink leads to a server at that address.
func newLink(to string) (*link, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(server, to, "127.0.0.1:0", to)
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return &link{addr: p.Listen, proxy: p}, nil
}

func (l *link) close() {
	if l.proxy != nil {
		l.proxy.Stop()
	}
}

// cut closes all connections and refuses new ones.
func (l *link) cut(ctx context.Context, d time.Duration) error {
	l.proxy.Stop()
	if err := pause(ctx, d); err != nil {
		return err
	}
	return l.proxy.Start()
}

// delayed brings everything later, each way.
func (l *link) delayed(ctx context.Context, d time.Duration) error {
	return l.poisoned(ctx, d, `{"type":"latency","stream":"%s","attributes":{"latency":400,"jitter":200}}`, "upstream", "downstream")
}

// halfOpen brings nothing any more, and no connection ends: a cable pulled, a router that has forgotten.
func (l *link) halfOpen(ctx context.Context, d time.Duration) error {
	return l.poisoned(ctx, d, `{"type":"timeout","stream":"%s","attributes":{"timeout":0}}`, "upstream", "downstream")
}

// answersLost ends each connection in the middle of an answer: the server has done what it was asked, and the client can't know.
func (l *link) answersLost(ctx context.Context, d time.Duration) error {
	return l.poisoned(ctx, d, `{"type":"limit_data","stream":"%s","attributes":{"bytes":4321}}`, "downstream")
}

func (l *link) poisoned(ctx context.Context, d time.Duration, toxic string, streams ...string) error {
	for _, stream := range streams {
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(toxic, stream))); err != nil {
			return fmt.Errorf("toxic: %w", err)
		}
	}
	err := pause(ctx, d)
	l.proxy.Toxics.ResetToxics(context.WithoutCancel(ctx))
	return err
}
