package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	neturl "net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	linger      = 5 * time.Millisecond // what queues in it shares a frame
	firstTries  = 4 * time.Second      // how long New looks for a gateway
	dialTimeout = 5 * time.Second
	minBackoff  = 50 * time.Millisecond
	maxBackoff  = 2 * time.Second
	// A peer that vanished without a word is noticed by a ping. The patience is long, for a gateway whose broker is slow
	// stops reading, and to leave it would only send the same fixes again.
	pingEvery    = 30 * time.Second
	pingPatience = time.Minute
	maxAnswer    = 64 << 10 // bytes of one answer
)

// errIdle ends a stream that has nothing more to send.
var errIdle = errors.New("nothing more to send")

// streamURL completes an address: scheme ws, path /v1/stream.
func streamURL(addr string, recorded bool) (string, error) {
	full := addr
	if !strings.Contains(full, "://") {
		full = "ws://" + full
	}
	u, err := neturl.Parse(full)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("gateway address %q: want ws://HOST:PORT or HOST:PORT", addr)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return "", fmt.Errorf("gateway address %q: want ws:// or wss://, not %s://", addr, u.Scheme)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/stream"
	}
	if recorded {
		q := u.Query()
		q.Set("recorded", "1")
		u.RawQuery = q.Encode()
	}
	return u.String(), nil
}

// dial opens a socket once.
func dial(ctx context.Context, url string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		if resp != nil {
			why, _ := io.ReadAll(resp.Body) // a part of it, which is in memory
			return nil, fmt.Errorf("it answers %s: %s", resp.Status, bytes.TrimSpace(why))
		}
		if cause := (*neturl.Error)(nil); errors.As(err, &cause) {
			err = cause.Err // the rest says again what was tried
		}
		return nil, err
	}
	ws.SetReadLimit(maxAnswer)
	return ws, nil
}

// dialFirst tries for firstTries.
func dialFirst(ctx context.Context, url string) (*websocket.Conn, error) {
	tries, cancel := context.WithTimeout(ctx, firstTries)
	defer cancel()
	for b := (backoff{}); ; {
		ws, err := dial(tries, url)
		if err == nil {
			return ws, nil
		}
		if !b.wait(tries) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("no gateway answers at %s: %w", url, err)
		}
	}
}

// backoff doubles from minBackoff to maxBackoff; half of each pause is random, so that a fleet does not return as one.
type backoff struct{ pause time.Duration }

// wait is false when ctx ends before the pause does.
func (b *backoff) wait(ctx context.Context) bool {
	b.pause = min(max(2*b.pause, minBackoff), maxBackoff)
	return sleep(ctx, b.pause/2+rand.N(b.pause/2))
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// run keeps the link connected until the sender is idle or ends. ws is an open socket, or nil.
func (l *link) run(ws *websocket.Conn) {
	for b := (backoff{}); ; {
		var err error
		if ws == nil {
			ws, err = dial(l.s.idle, l.s.url)
		}
		if err == nil {
			l.connected()
			err = l.stream(l.s.ctx, ws)
			if l.progressed() {
				b = backoff{}
			}
			ws = nil
			l.rewind()
		}
		if l.s.idle.Err() != nil {
			return
		}
		l.s.reconnects.Add(1)
		l.lost(err)
		if !b.wait(l.s.idle) {
			return
		}
	}
}

// progressed says whether the last socket answered for anything: one that never does is not a reason to hurry.
func (l *link) progressed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered > 0
}

// stream sends what waits, and reads the answers, until the socket fails, ctx ends or the sender is done.
func (l *link) stream(ctx context.Context, ws *websocket.Conn) error {
	ctx, fail := context.WithCancelCause(ctx)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		fail(l.read(ctx, ws))
	}()
	pinging := make(chan struct{})
	go func() {
		defer close(pinging)
		ping(ctx, ws, fail)
	}()
	err := l.write(ctx, ws)
	if errors.Is(err, errIdle) {
		_ = ws.Close(websocket.StatusNormalClosure, "") // all is answered for: a goodbye that fails costs nothing
	}
	fail(err)
	<-reading
	<-pinging
	_ = ws.CloseNow()
	return context.Cause(ctx)
}

// write sends frames; it returns why it cannot.
func (l *link) write(ctx context.Context, ws *websocket.Conn) error {
	var frame []byte
	for {
		frame = l.frame(frame[:0])
		if len(frame) > 0 {
			if err := ws.Write(ctx, websocket.MessageText, frame); err != nil {
				return fmt.Errorf("send: %w", err)
			}
			if l.waiting() > 0 {
				continue
			}
		}
		select {
		case <-l.wake:
		case <-l.s.idle.Done():
			return errIdle
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if l.waiting() < frameFixes && !sleep(ctx, linger) {
			return context.Cause(ctx)
		}
	}
}

// read takes the gateway's answers; it returns why it cannot.
func (l *link) read(ctx context.Context, ws *websocket.Conn) error {
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		var answer struct {
			Ack   *int64 `json:"ack"`
			Nack  *int64 `json:"nack"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(b, &answer); err != nil {
			return fmt.Errorf("gateway's answer is not JSON: %w", err)
		}
		if answer.Nack != nil {
			if err := l.nack(*answer.Nack, answer.Error); err != nil {
				return err
			}
		}
		if answer.Ack != nil {
			if err := l.ack(*answer.Ack); err != nil {
				return err
			}
		}
	}
}

// ping ends the stream when the gateway has fallen silent.
func ping(ctx context.Context, ws *websocket.Conn, fail context.CancelCauseFunc) {
	for sleep(ctx, pingEvery) {
		patience, cancel := context.WithTimeout(ctx, pingPatience)
		err := ws.Ping(patience)
		cancel()
		if err != nil {
			fail(fmt.Errorf("gateway answers no ping for %v: %w", pingPatience, err))
			return
		}
	}
}
