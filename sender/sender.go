// Package sender is the device side of the stream: it brings fixes to a gateway over WebSockets, keeps each until the
// gateway has answered for it, sends again what a lost connection left open, and writes down what became of each.
//
// Delivery is at least once: a fix whose acknowledgement was lost with its connection is sent again, and the track counts
// the second one as a duplicate.
package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"argos"
	"argos/ledger"
)

// MaxUnacked is how many fixes a connection holds without an answer before Send blocks: less than the 4,096 at which the
// gateway stops reading.
const MaxUnacked = 4000

// ErrClosed is what Send returns after Close has begun.
var ErrClosed = errors.New("sender is closed")

// Config says where fixes go. URL alone is required.
type Config struct {
	URL         string         // ws://host:port/v1/stream; a bare host:port, or no path, means the same
	Recorded    bool           // the fixes come from a recording: the gateway then does not judge their clocks
	Ledger      *ledger.Writer // nil: nothing is written down; the caller closes it, after Close
	Run         string         // names this run in the ledger
	Connections int            // default 4; a truck keeps to one
	Log         *slog.Logger   // default slog.Default()
	Registerer  prometheus.Registerer
}

// Stats is how many fixes were taken, and what became of them. Sent - Acked - Refused are still open.
type Stats struct {
	Sent        int64 // fixes that Send took, each counted once however often it travelled
	Acked       int64
	Refused     int64
	Reconnects  int64
	LastRefusal string // the truck and the reason; empty when none was refused
}

// Sender brings fixes to one gateway. Its methods may be called from many goroutines; for the order of a truck's fixes to
// be kept, they must come from one.
type Sender struct {
	cfg    Config
	url    string
	links  []*link
	ctx    context.Context // ends the links at once
	cancel context.CancelFunc
	idle   context.Context // within ctx; ends when nothing is open any more: the links say goodbye
	rest   context.CancelFunc
	wg     sync.WaitGroup // the links' goroutines
	outage outage
	once   sync.Once // Close
	err    error     // of Close

	sent, acked, refused, reconnects atomic.Int64
	lastRefusal                      atomic.Pointer[string]
	ledgerErr                        atomic.Pointer[error]
}

// SeqBase is the first sequence number of a run that starts now: 1,024 numbers a millisecond, so the numbers of a truck in
// two runs never meet unless one sent above a million fixes a second. It stays below 2^53, which JSON readers need.
func SeqBase(now time.Time) int64 { return now.UnixMilli() << 10 }

// New connects to the gateway and fails when none answers within a few seconds. Later losses are retried until ctx ends,
// which ends the sender's life too; Close is still needed.
func New(ctx context.Context, cfg Config) (*Sender, error) {
	url, err := streamURL(cfg.URL, cfg.Recorded)
	if err != nil {
		return nil, err
	}
	if cfg.Connections <= 0 {
		cfg.Connections = 4
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Sender{cfg: cfg, url: url, outage: outage{log: cfg.Log.With("gateway", url)}}
	first, err := dialFirst(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := s.register(cfg.Registerer); err != nil {
		return nil, errors.Join(err, first.CloseNow())
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.idle, s.rest = context.WithCancel(s.ctx)
	for i := range cfg.Connections {
		l := &link{s: s, room: make(chan struct{}, MaxUnacked), wake: make(chan struct{}, 1)}
		s.links = append(s.links, l)
		ws := first
		if i > 0 {
			ws = nil
		}
		s.wg.Go(func() { l.run(ws) })
	}
	return s, nil
}

// Send takes a fix, which must not change any more, and blocks while its connection has MaxUnacked open ones. It returns
// before the fix has arrived. A fix that its own Check refuses counts as refused without a journey. An error means that
// the fix was not taken: ctx or the sender has ended, or the ledger cannot be written.
func (s *Sender) Send(ctx context.Context, f argos.Fix) error {
	if err := s.ledgerErr.Load(); err != nil {
		return *err
	}
	f.ForgetUnknown()
	if err := f.Check(); err != nil {
		s.sent.Add(1)
		s.resolve(&f, ledger.Refused, err.Error())
		return s.flush()
	}
	l := s.links[argos.PartitionOf(f.TruckID, len(s.links))]
	select {
	case l.room <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ctx.Done():
		return ErrClosed
	}
	return l.push(f)
}

// Stats may be asked at any time.
func (s *Sender) Stats() Stats {
	st := Stats{Acked: s.acked.Load(), Refused: s.refused.Load(), Reconnects: s.reconnects.Load()}
	st.Sent = s.sent.Load()
	if r := s.lastRefusal.Load(); r != nil {
		st.LastRefusal = *r
	}
	return st
}

// open is how many fixes have no answer.
func (s *Sender) open() int64 { return s.sent.Load() - s.acked.Load() - s.refused.Load() }

// Close waits until every fix is answered for, or ctx ends: what is open then goes into the ledger as unknown, and the
// error says how many there are. Calls after the first return what it returned.
func (s *Sender) Close(ctx context.Context) error {
	s.once.Do(func() { s.err = s.close(ctx) })
	return s.err
}

func (s *Sender) close(ctx context.Context) error {
	for _, l := range s.links {
		l.close()
	}
	drained := true
	for _, l := range s.links {
		drained = drained && l.drained(ctx, s.ctx)
	}
	if drained {
		s.rest()
	} else {
		s.cancel()
	}
	s.wg.Wait()
	s.cancel()
	if s.cfg.Registerer != nil {
		s.cfg.Registerer.Unregister(s)
	}
	unknown := 0
	for _, l := range s.links {
		unknown += l.abandon()
	}
	if err := s.flush(); err != nil {
		return err
	}
	if unknown > 0 {
		return fmt.Errorf("gateway %s did not answer for %d fixes in time: they are unknown", s.url, unknown)
	}
	return nil
}

// resolve counts a fix and writes it down. Each fix comes here once.
func (s *Sender) resolve(f *argos.Fix, o ledger.Outcome, why string) {
	switch o {
	case ledger.Acked:
		s.acked.Add(1)
	case ledger.Refused:
		s.refused.Add(1)
		why = f.TruckID + ": " + why
		s.lastRefusal.Store(&why)
	}
	if s.cfg.Ledger == nil {
		return
	}
	err := s.cfg.Ledger.Write(ledger.Entry{
		Run: s.cfg.Run, TruckID: f.TruckID, Seq: f.Seq, TS: f.Time, Lat: f.Lat, Lon: f.Lon, Outcome: o,
	})
	s.ledgerFailed(err)
}

// flush makes the resolved fixes safe from the end of this process.
func (s *Sender) flush() error {
	if s.cfg.Ledger != nil {
		s.ledgerFailed(s.cfg.Ledger.Flush())
	}
	if err := s.ledgerErr.Load(); err != nil {
		return *err
	}
	return nil
}

// ledgerFailed keeps the first error of the ledger, which Send and Close return: a sender that cannot write down what it
// sends takes no more.
func (s *Sender) ledgerFailed(err error) {
	if err != nil && s.ledgerErr.CompareAndSwap(nil, &err) {
		s.cfg.Log.Error("sender stops taking fixes", "error", err)
	}
}
