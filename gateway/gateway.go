// Package gateway takes fixes in over WebSocket and HTTP, judges each, and writes the good ones to Kafka.
//
// Its promise: an acked fix is in Kafka on all in-sync replicas, a refused one is answered with the reason, and nothing that
// was read is discarded. What Kafka does not take at once waits in a bounded memory; beyond that, the senders are not read.
//
// One fix's way: session.go or post.go reads its frame, frame.go judges and encodes it, stream.go numbers it, partition.go
// gathers it into a batch (recordbatch.go), producer.go and attempt.go write the batch; then back: the stream's window
// (window.go) moves, and the session acks.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/cluster"
)

// Config is what a gateway needs. Only Kafka is required.
type Config struct {
	Kafka           cluster.Config
	Topic           string        // argos.Topic
	DeadLetterTopic string        // argos.DeadLetterTopic
	MaxFuture       time.Duration // how far ahead a live fix's time may be; 60 s
	Memory          int64         // bytes of records that may wait for Kafka; 256 MiB. Each partition has an equal share
	MaxConnections  int           // senders at once; 100,000
	RequireReplicas int           // New fails unless Kafka has what it acknowledges on so many; 1
	Registerer      prometheus.Registerer
	Log             *slog.Logger

	pace pace
	hand int64 // bytes of frames and bodies in hand; defaultHand
}

// pace is how often silent peers are looked for, how long one must be silent to be pinged, and to be given up; and how long a
// POST waits for Kafka.
type pace struct{ look, ping, idle, answer time.Duration }

var defaultPace = pace{5 * time.Second, 30 * time.Second, 90 * time.Second, time.Minute}

// Defaults of Config.
const (
	defaultMaxFuture      = time.Minute
	defaultMemory         = 256 << 20
	defaultMaxConnections = 100_000
)

// minShare lets a partition fill one batch while another is under way.
const minShare = 2 << 20

// Gateway is a running gateway. Its zero value is of no use: see New.
type Gateway struct {
	maxFuture time.Duration
	pace      pace
	m         *metrics
	client    *cluster.Client
	logger    *slog.Logger
	log       *producer
	letters   *deadLetters
	doors     *doors
	hand      *hand
	keeper    context.CancelFunc
	kept      sync.WaitGroup
}

// New connects to Kafka and starts a gateway. Both topics must exist; an error says in one sentence what is missing.
func New(ctx context.Context, c Config) (*Gateway, error) {
	c.defaults()
	m, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, err
	}
	client, err := c.Kafka.Client(c.Topic, c.DeadLetterTopic)
	if err != nil {
		return nil, err
	}
	var partitions [2]int
	for i, topic := range []string{c.Topic, c.DeadLetterTopic} {
		if partitions[i], err = client.Partitions(ctx, topic); err != nil {
			client.Close()
			return nil, err
		}
	}
	g := &Gateway{
		maxFuture: c.MaxFuture, pace: c.pace, m: m, client: client, logger: c.Log,
		doors: newDoors(c.MaxConnections, m), hand: newHand(c.hand),
	}
	if err = fits(ctx, c.Kafka, c.Topic, partitions[0]); err == nil {
		err = g.assess(ctx, c.Topic, c.RequireReplicas)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	g.log = &producer{topic: c.Topic, client: client, m: m, trouble: &incident{log: c.Log, topic: c.Topic}}
	letters := &producer{topic: c.DeadLetterTopic, client: client, m: m, trouble: &incident{log: c.Log, topic: c.DeadLetterTopic}}
	g.letters = newDeadLetters(letters, m)
	g.log.stored, g.log.refused = g.stored, g.refused
	g.log.start(partitions[0], max(minShare, c.Memory/int64(partitions[0])))
	letters.start(partitions[1], max(lettersMemory/int64(partitions[1]), minLettersShare))

	var keeping context.Context
	keeping, g.keeper = context.WithCancel(context.Background())
	g.kept.Go(func() { g.keep(keeping) })
	return g, nil
}

func (c *Config) defaults() {
	if c.Topic == "" {
		c.Topic = argos.Topic
	}
	if c.DeadLetterTopic == "" {
		c.DeadLetterTopic = argos.DeadLetterTopic
	}
	if c.MaxFuture == 0 {
		c.MaxFuture = defaultMaxFuture
	}
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConnections
	}
	if c.pace == (pace{}) {
		c.pace = defaultPace
	}
	if c.pace.answer == 0 {
		c.pace.answer = defaultPace.answer
	}
	if c.hand == 0 {
		c.hand = defaultHand
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Handler serves GET /v1/stream (WebSocket) and POST /v1/fixes (NDJSON). With ?recorded=1 the sender says that its times
// are a recording's.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/stream", g.serveStream)
	mux.HandleFunc("POST /v1/fixes", g.servePost)
	mux.HandleFunc("/v1/fixes", notPosted)
	return mux
}

// stored is told of each batch that is in the log.
func (g *Gateway) stored(b *batch) {
	g.m.pending.Add(-int64(b.n))
	g.m.batches.Inc()
	g.m.batchSize.Observe(float64(b.n))
	g.m.accepted.Add(float64(b.n))
}

// refused is told of each record that Kafka will never take.
func (g *Gateway) refused(from *stream, recv int64, key, value []byte, why error) {
	g.m.refused[byBroker].Inc()
	g.m.pending.Add(-1)
	g.letters.write(from.peer, string(key), recv, why, func(dst []byte) []byte { return append(dst, value...) })
}

// Close reads no more, brings what was read to Kafka, acks it, and closes the sockets with status 1001. When ctx ends
// first, the rest is cut off, and the error says how many fixes were neither confirmed nor acked.
func (g *Gateway) Close(ctx context.Context) error {
	g.empty(ctx, errClosing)
	g.log.drain(ctx)
	g.letters.log.drain(ctx)
	g.keeper()
	g.kept.Wait()
	g.client.Close()
	if n := g.m.pending.Load(); n > 0 {
		return fmt.Errorf("close the gateway: %d fixes were not confirmed by Kafka in time; their senders have no ack: %w", n, context.Cause(ctx))
	}
	return nil
}

// empty lets nobody in and sees all inside out. When ctx ends first, what waits for Kafka is given up without an ack: those who
// wait for room in a partition would not leave otherwise.
func (g *Gateway) empty(ctx context.Context, why error) {
	defer context.AfterFunc(ctx, g.log.kill)()
	g.doors.shut(ctx, why)
}

// Trouble is why this gateway takes no fixes in: it is closing, or its topic has changed under it and a person has to act. Nil
// while it takes them, though Kafka may be away: then they wait.
func (g *Gateway) Trouble() error { return g.doors.why() }

// Ready is why a fix that came in now would not be acked soon: Trouble, Kafka does not take what there is, or it does not
// answer.
func (g *Gateway) Ready(ctx context.Context) error {
	if err := g.Trouble(); err != nil {
		return err
	}
	if err := g.log.trouble.last(); err != nil {
		return err
	}
	if err := g.client.Reach(ctx, g.log.topic, len(g.log.parts)); err != nil {
		return fmt.Errorf("Kafka does not answer: %w", err)
	}
	return nil
}

// keep looks after what has no goroutine of its own.
func (g *Gateway) keep(ctx context.Context) {
	t := time.NewTicker(g.pace.look)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			g.letters.forget()
			g.doors.probe()
			g.compare(ctx)
		}
	}
}

var errClosing = errors.New("the gateway is shutting down; connect again to another or later")
