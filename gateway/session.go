package gateway

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// maxFrame bounds a WebSocket frame and the body of a POST, in bytes.
const maxFrame = 1 << 20

const (
	maxNacks     = 256              // that wait to be written to a peer
	deafAfter    = time.Second      // a write that takes longer is to a peer that does not read
	closeTimeout = 10 * time.Second // for the last acks and the close handshake
)

// session is a stream that comes over a WebSocket. The handler's goroutine reads it; a second one exists only while there
// is something to write, so that a connection at rest has one.
type session struct {
	*stream
	heard atomic.Int64 // ms: when the peer last gave a sign of life

	// Guarded by the stream's lock.
	conn    *websocket.Conn
	socket  net.Conn
	running int    // helpers
	ended   bool   // no more helpers start
	closing bool   // no more frames are taken in
	inHand  bool   // a frame is being taken in
	acked   uint64 // as told to the peer
	nacks   []nack
	untold  uint64 // the first fix, counted from 0, that was refused and not told; noneUntold
	writing bool   // a helper writes
	wrote   time.Time
	pinging bool
}

// noneUntold is a number that no fix has.
const noneUntold = math.MaxUint64

// nack is a refusal that the peer has not been told yet.
type nack struct {
	n   uint64 // counted from 0
	why string
}

func (g *Gateway) serveStream(w http.ResponseWriter, r *http.Request) {
	recorded, err := isRecorded(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s := &session{stream: newStream(g, r.RemoteAddr, recorded), untold: noneUntold}
	s.replies = s
	if err := g.doors.enter(s.stream, s); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer g.doors.leave(s.stream)
	defer s.end()
	t := &tap{ResponseWriter: w}
	conn, err := websocket.Accept(t, r, &websocket.AcceptOptions{OnPingReceived: s.pinged, OnPongReceived: s.ponged})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(-1) // text reads no more than maxFrame
	s.run(conn, t.conn)
}

func isRecorded(r *http.Request) (bool, error) {
	switch v := r.URL.Query().Get("recorded"); v {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, errors.New("recorded must be 0 or 1")
	}
}

func (s *session) run(conn *websocket.Conn, socket net.Conn) {
	s.hear()
	s.mu.Lock()
	s.conn, s.socket = conn, socket
	killed := s.killed
	s.mu.Unlock()
	s.changed.Broadcast()
	if !killed && errors.Is(s.read(), errTooLarge) {
		s.goodbye(websocket.StatusMessageTooBig, "a frame of more than 1 MiB: send fewer fixes in a frame")
	}
}

// end closes what is open and waits for the helpers.
func (s *session) end() {
	s.mu.Lock()
	s.ended = true
	conn := s.conn
	s.mu.Unlock()
	s.changed.Broadcast()
	if conn != nil {
		s.cut()
		_ = conn.CloseNow()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running > 0 {
		s.changed.Wait()
	}
}

// read takes frames in until the peer or the gateway ends.
func (s *session) read() error {
	for {
		kind, r, err := s.conn.Reader(context.Background()) // a context that can end costs three times as much
		if err != nil {
			return err
		}
		text := texts.Get().(*[]byte)
		long, held, err := s.text((*text)[:0], r)
		if err == nil && s.begin() {
			f := newFrame()
			if kind == websocket.MessageText {
				s.judge(f, long)
			} else {
				s.reject(f, notJSON, errBinary, long)
			}
			texts.Put(text)
			held.shrink(f.cost())
			done := s.commit(f)
			f.free()
			held.shrink(0)
			s.rest()
			if !done {
				return errClosing
			}
			continue
		}
		texts.Put(text)
		held.shrink(0)
		if err != nil {
			return err
		}
	}
}

var texts = sync.Pool{New: func() any { b := make([]byte, 0, firstPiece); return &b }}

var errTooLarge = errors.New("frame too large")

// text reads a frame into b, or, one that is larger, into what it has a share for. A frame for which there was no memory before
// the session had to leave is read and dropped, so that the peer hears of the end.
func (s *session) text(b []byte, r io.Reader) (text []byte, held share, err error) {
	for {
		if len(b) == cap(b) {
			if held.of == nil {
				if held, err = s.grasp(context.Background(), maxFrame); err != nil {
					_, err = io.Copy(io.Discard, r)
					return nil, held, err
				}
				s.hear()
				// Others wait for the memory: a frame may take as long as a body.
				defer time.AfterFunc(bodyTimeout, s.cut).Stop()
			}
			grown := make([]byte, len(b), min(2*cap(b), maxFrame+1))
			copy(grown, b)
			b = grown
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > maxFrame:
			return b, held, errTooLarge
		case err == io.EOF:
			return b, held, nil
		case err != nil:
			return b, held, err
		case len(b) == cap(b):
			s.hear() // a long frame may take its time; rest hears of the others
		}
	}
}

// begin says whether the frame just read may be taken in.
func (s *session) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inHand = !s.closing
	return s.inHand
}

func (s *session) rest() {
	s.hear()
	s.mu.Lock()
	s.inHand = false
	s.mu.Unlock()
	s.changed.Broadcast()
}

// helper runs f beside the reader, which waits for it in the end. The lock is held.
func (s *session) helper(f func()) {
	if s.ended {
		return
	}
	s.running++
	go func() {
		f()
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
		s.changed.Broadcast()
	}()
}

// dismiss implements guest: it lets the session end when all that it has read is acked.
func (s *session) dismiss(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(websocket.StatusGoingAway, closeReason(why))
}

// leave takes no more frames in and says goodbye when those in hand are done. The lock is held.
func (s *session) leave(code websocket.StatusCode, reason string) {
	if !s.closing {
		s.closing = true
		s.hurry()
		s.helper(func() { s.goodbye(code, reason) })
	}
}

// closeReason is as much of a reason as a close frame holds, to the end of a clause.
func closeReason(why error) string {
	const most = 123 // bytes (RFC 6455, 5.5)
	text := why.Error()
	if len(text) <= most {
		return text
	}
	text = strings.ToValidUTF8(text[:most], "")
	if i := strings.LastIndexByte(text, ';'); i > 0 {
		text = text[:i]
	}
	return text
}

// goodbye waits until all fixes are done, gives the peer closeTimeout to hear so, and closes.
func (s *session) goodbye(code websocket.StatusCode, reason string) {
	s.mu.Lock()
	for (s.conn == nil || s.inHand || !s.win.empty()) && !s.killed && !s.ended {
		s.changed.Wait()
	}
	defer time.AfterFunc(closeTimeout, s.cut).Stop()
	for s.writing && !s.killed {
		s.changed.Wait()
	}
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		_ = conn.Close(code, reason) // the peer may be gone: nothing is lost with that
	}
}

// cut implements guest: it closes the socket without ceremony, which ends all that goes on with it.
func (s *session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
}

// hangUp is cut. The lock is held.
func (s *session) hangUp() {
	s.hurry()
	if s.socket != nil {
		_ = s.socket.Close()
	}
}
